import { createHash } from "node:crypto";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { names } from "../../../src/audit/command-name.ts";
import { observeAudit } from "../../../src/audit/observe.ts";
import { entry } from "../../../src/model/evidence.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import type { Policy } from "../../../src/model/plan.ts";
import { policies } from "../../support/scenarios.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const command = (text: string): Policy => ({ name: "command", title: text, command: text });
const day = new Date("2026-11-23T12:00:00Z");

describe("names", () => {
  const pruneF = command("docker image prune -f");

  it.each([
    ["`docker image prune -f`"],
    ["the host runs docker image prune -f."],
    ["    docker  image\nprune -f\n"],
    ["docker image prune -f; reboot"],
  ])("finds a command in %j", (text) => {
    expect(names(text, pruneF)).toBe(true);
  });

  it.each([
    ["docker image prune -fa"],
    ["docker image prune -f --filter until=24h"],
    ["docker image prune --force"],
    ["mydocker image prune -f"],
    ["docker image\nprune"],
    [""],
  ])("does not take %j for it", (text) => {
    expect(names(text, pruneF)).toBe(false);
  });

  it("asks of the reference policy for its name, with any options, and for no sign of a pattern", () => {
    for (const text of ["`pullproof prune`", "pullproof prune --apply", "ExecStart=/usr/bin/pullproof prune"])
      expect(names(text, policies.reference), text).toBe(true);
    for (const text of ["pullproof pruned", "pullproof", "xpullproof prune", "pullproof-prune.timer"])
      expect(names(text, policies.reference), text).toBe(false);
    expect(names("prune (all)* $", command("prune (all)*"))).toBe(true);
    expect(names("prune all", command("prune (all)*"))).toBe(false);
  });
});

describe("observeAudit", () => {
  it("has evidence of code and documents, which fits the format", async () => {
    const root = writeTree(tempFolder(), {
      "ci/a.sh": "PASSWORD=hunter2 docker image prune -af\n",
      "ci/b.csv": "",
      "docs/a.md": "`pullproof prune` every night",
      "docs/b.md": "nothing of the kind",
    });
    const [ci, docs] = [join(root, "ci"), join(root, "docs")];
    const data = await observeAudit({ audit: [ci], documents: [docs] }, policies.reference, day);
    expect(data).toMatchObject({
      paths: [ci],
      files: 1,
      skipped: [{ reason: "no language that the audit reads", count: 1 }],
      findings: [{ rule: "PP101", severity: "error", file: join(ci, "a.sh"), line: 1, waiver: null }],
      documents: {
        paths: [docs],
        files: [
          {
            path: join(docs, "a.md"),
            sha256: createHash("sha256").update("`pullproof prune` every night").digest("hex"),
            namesCommand: true,
          },
          { path: join(docs, "b.md"), namesCommand: false },
        ],
      },
    });
    expect(JSON.stringify(data)).not.toContain("hunter2");
    const line = {
      seq: 2,
      wall: day.toISOString(),
      mono: 0,
      boot: null,
      host: null,
      scenario: null,
      step: null,
      source: "audit",
      kind: "audit",
      data,
    };
    expect(entry.parse(line)).toEqual(line);
  });

  it("judges waivers by the day of the run", async () => {
    const root = writeTree(tempFolder(), {
      "a.sh": "docker image prune -af # pullproof:allow PP101 until=2026-11-23 a builder\n",
    });
    const told = async (now: string) =>
      (await observeAudit({ audit: [root], documents: [] }, policies.reference, new Date(now)))?.findings.map(
        ({ rule }) => rule,
      );
    expect(await told("2026-11-23T23:59:59Z")).toEqual(["PP101"]);
    expect(await told("2026-11-24T00:00:00Z")).toEqual(["PP101", "PP902"]);
  });

  it("has nothing to say where a run was told of nothing", async () => {
    expect(await observeAudit({ audit: [], documents: [] }, policies.reference, day)).toBeNull();
  });

  it.each(["audit", "documents"] as const)("refuses a path for %s that is not there", async (which) => {
    const given = { audit: [], documents: [], [which]: [join(tempFolder(), "missing")] };
    await expect(observeAudit(given, policies.reference, day)).rejects.toMatchObject({
      exitCode: ExitCode.usage,
    });
  });
});
