import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import Docker from "dockerode";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { defaultLab, ensureLabImage, type LabImageSpec, labImage } from "../../../src/lab/rootfs.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

/** An engine without a single image, which takes every import. */
async function emptyEngine(): Promise<{ docker: Docker; imports: string[] }> {
  const imports: string[] = [];
  const server = createServer((request, response) => {
    text(request).then(
      (body) => {
        const creates = request.url?.startsWith("/images/create");
        if (creates) imports.push(body);
        if (request.method === "GET") response.writeHead(404).end("{}");
        else response.writeHead(creates ? 200 : 201).end('{"status":"sha256:abc"}\n');
      },
      () => {},
    );
  });
  const socketPath = join(tempFolder(), "s");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  onTestFinished(() => void server.close());
  return { docker: new Docker({ socketPath }), imports };
}

/** A machine on whose PATH doubles of mmdebstrap and go lie before the real programs; sudo does as it is told. */
function machine(mmdebstrap: string) {
  const root = tempFolder();
  vi.stubEnv("PATH", `${join(root, "bin")}:/usr/bin:/bin`);
  vi.stubEnv("XDG_CACHE_HOME", join(root, "cache"));
  onTestFinished(() => void vi.unstubAllEnvs());
  const notes = join(root, "words");
  const noted = `for word; do printf '%s\\n' "$word" >> '${notes}'; done\n`;
  writeScript(join(root, "bin", "mmdebstrap"), noted + mmdebstrap);
  writeScript(join(root, "bin", "sudo"), 'shift; exec "$@"');
  return {
    root,
    /** What the double of mmdebstrap was called with. */
    words: () => (existsSync(notes) ? readFileSync(notes, "utf8").trimEnd().split("\n") : []),
    /** A double of go that installs a dockerd which tells `says`. */
    goDouble: (says: string) =>
      writeScript(
        join(root, "bin", "go"),
        `echo "$CGO_ENABLED $*" >> '${root}/go'
printf '#!/bin/sh\\necho "%s"\\n' "${says}" > "$GOBIN/dockerd"
chmod 755 "$GOBIN/dockerd"`,
      ),
    /** The calls of the double of go. */
    goCalls: () =>
      existsSync(join(root, "go")) ? readFileSync(join(root, "go"), "utf8").trimEnd().split("\n") : [],
  };
}

const spec: LabImageSpec = { suite: "woody", packages: ["b", "a"] };
const built: LabImageSpec = { ...spec, dockerd: "9.8.7" };
const hook = (words: readonly string[]) => words.find((word) => word.startsWith("--customize-hook="));

describe("the name of a lab image", () => {
  it("tells apart what images are made of, and nothing else", () => {
    const specs = [spec, defaultLab, { ...spec, suite: "sid" }, { ...spec, expired: true as const }, built];
    const names = specs.map(labImage);
    expect(new Set(names).size).toBe(specs.length);
    expect(labImage({ ...built, dockerd: "9.8.6" })).not.toBe(labImage(built));
    vi.stubEnv("XDG_CACHE_HOME", "/elsewhere");
    onTestFinished(() => void vi.unstubAllEnvs());
    expect(specs.map(labImage)).toEqual(names);
  });
});

describe("ensureLabImage", () => {
  it("imports what mmdebstrap makes of the suite and its packages", async () => {
    const { docker, imports } = await emptyEngine();
    const { words } = machine("printf tar");
    expect(await ensureLabImage(docker, spec, () => {})).toBe(labImage(spec));
    expect(imports).toEqual(["tar"]);
    expect(words()).toEqual(expect.arrayContaining(["--include=a,b", "woody"]));
    expect(words().join()).not.toMatch(/Valid-Until|hook/);
  });

  it("takes a Release file past its expiry only where that is asked for", async () => {
    const { docker } = await emptyEngine();
    const { words } = machine("printf tar");
    await ensureLabImage(docker, { ...spec, expired: true }, () => {});
    expect(words()).toContain('--aptopt=Acquire::Check-Valid-Until "false"');
  });

  it("keeps what mmdebstrap does to its process group away from this process", async () => {
    const { docker } = await emptyEngine();
    const { root } = machine(`cut -d ' ' -f 5 /proc/$$/stat > "$(dirname "$0")/../group"; printf tar`);
    await ensureLabImage(docker, spec, () => {});
    const [, , ours] = readFileSync("/proc/self/stat", "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    const theirs = readFileSync(join(root, "group"), "utf8").trim();
    expect(theirs).toMatch(/^\d+$/);
    expect(theirs).not.toBe(ours);
  });

  it("says what mmdebstrap said last", async () => {
    const { docker, imports } = await emptyEngine();
    machine("echo 'E: no such suite' >&2; exit 25");
    await expect(ensureLabImage(docker, spec, () => {})).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/25.*E: no such suite/),
    });
    expect(imports).toEqual([]);
  });
});

describe("an engine that is built from its Go module", () => {
  it("goes into the image, and is static, of the version that was asked for, and told that version", async () => {
    const { docker } = await emptyEngine();
    const { words, goDouble, goCalls } = machine("printf tar");
    goDouble("Docker version 9.8.7, build none");
    await ensureLabImage(docker, built, () => {});
    expect(goCalls()).toEqual([
      expect.stringMatching(/^0 install .*-X \S+dockerversion\.Version=9\.8\.7 \S+\/cmd\/dockerd@v9\.8\.7$/),
    ]);
    const [, binary = ""] = /copy-in '(.*\/dockerd)' \/usr\/local\/sbin$/.exec(hook(words()) ?? "") ?? [];
    expect(readFileSync(binary, "utf8")).toContain("9.8.7");
  });

  it("is built once", async () => {
    const { docker } = await emptyEngine();
    const { goDouble, goCalls } = machine("printf tar");
    goDouble("Docker version 9.8.7, build none");
    await ensureLabImage(docker, built, () => {});
    await ensureLabImage(docker, built, () => {});
    expect(goCalls()).toHaveLength(1);
  });

  it("is not taken when it is of another version", async () => {
    const { docker } = await emptyEngine();
    const { words, goDouble } = machine("printf tar");
    goDouble("Docker version 19.8.7, build none");
    await expect(ensureLabImage(docker, built, () => {})).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("9.8.7"),
    });
    expect(words()).toEqual([]);
  });

  it("cannot be had where Go is missing, and that is the reason", async () => {
    const { docker } = await emptyEngine();
    const { words, root } = machine("printf tar");
    // Without the system's folders: one of them may hold a go.
    vi.stubEnv("PATH", join(root, "bin"));
    await expect(ensureLabImage(docker, built, () => {})).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringMatching(/^go.* is not on the PATH$/),
    });
    expect(words()).toEqual([]);
  });
});
