import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { audit } from "../../../src/audit/audit.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const prune = "docker image prune -af\n";
const day = "2026-11-23";

describe("audit", () => {
  it("reads what lies below its paths, and says what it leaves out and why", async () => {
    const root = writeTree(tempFolder(), {
      "a.sh": prune,
      "deep/er/b.sh": prune,
      "README.md": prune,
      "data.csv": prune,
      "binary.sh": `${prune}\0`,
      "huge.sh": prune.padEnd(1_000_001, "#"),
      "broken.yml": "run: [",
      ".git/hooks/x.sh": prune,
      "node_modules/x/y.sh": prune,
      "vendor/x.go": prune,
    });
    symlinkSync("a.sh", join(root, "link.sh"));
    const { files, findings, skipped } = await audit([root], day);
    expect(findings.map(({ file }) => file)).toEqual([join(root, "a.sh"), join(root, "deep/er/b.sh")]);
    expect(files).toBe(2);
    const reasons = Object.fromEntries(
      skipped.map(({ path, reason }) => [path.slice(root.length + 1), reason]),
    );
    expect(reasons).toEqual({
      ".git": "folder of others",
      node_modules: "folder of others",
      vendor: "folder of others",
      "README.md": "documentation",
      "binary.sh": "binary",
      "broken.yml": "no yaml that can be parsed",
      "data.csv": "no language that the audit reads",
      "huge.sh": "larger than 1 MB",
      "link.sh": "symbolic link",
    });
  });

  it("follows a path that was named, whatever it is called, and reads no file twice", async () => {
    const root = writeTree(tempFolder(), { "vendor/a.sh": prune });
    symlinkSync("vendor", join(root, "link"));
    expect((await audit([join(root, "vendor")], day)).findings).toHaveLength(1);
    expect((await audit([join(root, "link")], day)).findings).toHaveLength(1);
    expect((await audit([join(root, "vendor"), join(root, "vendor/a.sh")], day)).files).toBe(1);
  });

  it("reads a text of another language that a script holds, whether or not there is a file of it", async () => {
    const root = writeTree(tempFolder(), {
      "a.sh": `python3 -c 'import os; os.system("docker image prune -af")'\n`,
      "b.sh": "cat > clean.rb <<'EOF'\nsystem('docker image prune -af')\nEOF\n",
    });
    expect((await audit([root], day)).findings).toMatchObject([{ line: 1 }, { line: 2 }]);
  });

  it("takes any name of a file for a name", async () => {
    const name = "$(touch x)\n|`b`\u001b[2J ünï.sh";
    const root = writeTree(tempFolder(), { [name]: prune });
    expect((await audit([root], day)).findings[0]?.file).toBe(join(root, name));
  });

  it("refuses a path that is not there", async () => {
    const missing = join(tempFolder(), "missing");
    await expect(audit([missing], day)).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      seen: expect.stringContaining(missing),
    });
  });

  it("finds nothing in a folder that holds nothing", async () => {
    const root = tempFolder();
    mkdirSync(join(root, "empty"));
    expect(await audit([root], day)).toEqual({ paths: [root], files: 0, skipped: [], findings: [] });
  });

  it("keeps the places of files with line ends of another system", async () => {
    const root = writeTree(tempFolder(), { "a.sh": "#!/bin/sh\r\ntrue\r\ndocker image prune -af\r\n" });
    expect((await audit([root], day)).findings).toMatchObject([
      { line: 3, excerpt: "docker image prune -af" },
    ]);
  });
});
