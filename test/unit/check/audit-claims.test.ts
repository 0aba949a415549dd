import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { ClaimId } from "../../../src/model/claim.ts";
import type { Body, Entry } from "../../../src/model/evidence.ts";
import { entry as schema } from "../../../src/model/evidence.ts";
import type { Policy } from "../../../src/model/plan.ts";
import { amend, cutBefore, without } from "../../support/edit.ts";
import { HandWritten, image, prune, pull } from "../../support/hand-written.ts";
import { chain, controls, deploy, policies, teardown } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

type Audit = Body<"audit">;
type Found = Audit["findings"][number];

const clean: Audit = {
  paths: ["scripts"],
  files: 12,
  skipped: [],
  findings: [],
  documents: { paths: [], files: [] },
};

const found = (changes: Partial<Found> = {}): Found => ({
  rule: "PP101",
  severity: "error",
  file: "scripts/janitor.sh",
  line: 3,
  excerpt: "docker image prune -af",
  waiver: null,
  ...changes,
});

/** A run that was told of code and documents: its audit is the second line, as `verify` writes it. */
function audited(entries: readonly Entry[], changes: Partial<Audit> = {}): Entry[] {
  const [header, ...rest] = entries;
  if (header === undefined) throw new Error("no run");
  const audit = { ...header, kind: "audit", source: "audit", data: { ...clean, ...changes } };
  return [header, schema.parse(audit), ...rest].map((one, index) => ({ ...one, seq: index + 1 }));
}

const run = simulate({ scenarios: [chain()] });

describe("PC1.5, by the code", () => {
  const verdict = (changes: Partial<Audit>) => verdictOf(audited(run, changes), "PC1.5");

  it("passes where nothing prunes and no image went, and cites the audit", () => {
    const { verdict: word, found: said, evidence } = verdict({});
    expect(word).toBe("pass");
    expect(said).toContain("12 files");
    expect(evidence).toContain(2);
  });

  it.each(["error", "warning"] as const)("fails on an unwaived %s, and names its place", (severity) => {
    expect(verdict({ findings: [found({ severity })] })).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("PP101 at scripts/janitor.sh:3"),
      evidence: [2],
      remedy: expect.stringContaining("docs/audit.md"),
    });
  });

  it("passes with notes and with what somebody waived", () => {
    const waiver = { reason: "a builder", until: null };
    const findings = [found({ severity: "note" }), found({ waiver })];
    expect(verdict({ findings })).toMatchObject({
      verdict: "pass",
      found: expect.stringContaining("1 note, 1 waived"),
    });
  });

  it("is skipped where no code was named, and says how to name some", () => {
    for (const entries of [run, audited(run, { paths: [] })]) {
      expect(verdictOf(entries, "PC1.5")).toMatchObject({
        verdict: "skipped",
        found: expect.stringContaining("no harness, janitor or CI code"),
        remedy: expect.stringContaining("--audit"),
      });
    }
  });

  it("is inconclusive where the paths held nothing to scan", () => {
    expect(verdict({ files: 0 })).toMatchObject({ verdict: "inconclusive", evidence: [2] });
  });

  it.each(["unreadable (EACCES)", "no yaml that can be parsed"])(
    "is inconclusive where a file was %s",
    (reason) => {
      expect(verdict({ skipped: [{ reason, count: 1 }] }).verdict).toBe("inconclusive");
      expect(verdict({ skipped: [{ reason: "documentation", count: 3 }] }).verdict).toBe("pass");
      // What was found counts all the same.
      expect(verdict({ skipped: [{ reason, count: 1 }], findings: [found()] }).verdict).toBe("fail");
    },
  );
});

describe("PC1.5, by what went during the run", () => {
  const verdict = (entries: readonly Entry[]) => verdictOf(audited(entries), "PC1.5");
  const start = { images: [image("a"), image("b")] };

  it("fails when an image is gone in a step that removes none", () => {
    for (const step of [pull("pull"), deploy("deploy", "cached"), teardown("teardown")]) {
      const entries = new HandWritten(start).step(step, { images: [image("a")] }).entries;
      expect(verdict(entries), step.id).toMatchObject({
        verdict: "fail",
        found: expect.stringMatching(new RegExp(`${step.id} lost 1 image .*b`)),
      });
    }
  });

  it.each(["delete", "untag"])(
    "fails on a %s event of such a step, even if the store is as before",
    (action) => {
      const entries = new HandWritten(start).step(pull("pull"), {
        events: [{ action, imageId: "x" }],
      }).entries;
      expect(verdict(entries)).toMatchObject({
        verdict: "fail",
        found: expect.stringContaining("1 removal event"),
      });
      const other = new HandWritten(start).step(pull("pull"), { events: [{ action: "pull" }] }).entries;
      expect(verdict(other).verdict).toBe("pass");
    },
  );

  it("leaves prune runs, and other steps whose business it is, to other claims", () => {
    const lost = { images: [], events: [{ action: "delete", imageId: "x" }] };
    for (const step of [
      prune("prune"),
      { id: "evict", do: "evict" } as const,
      { id: "reset", do: "reset" } as const,
    ]) {
      const entries = new HandWritten(start).step(pull("pull")).step(step, lost).entries;
      expect(verdict(entries).verdict, step.id).toBe("pass");
    }
  });

  it("does not hold a control against the run", () => {
    const entries = simulate({ scenarios: [chain(), controls.removeImages] });
    expect(verdict(entries).verdict).toBe("pass");
  });

  it("is inconclusive where the store was not seen, or nothing was done in which it must stay", () => {
    const unseen = new HandWritten(start).step(pull("pull"), { images: null }).entries;
    expect(verdict(unseen).verdict).toBe("inconclusive");
    const idle = new HandWritten(start).step(prune("prune")).entries;
    expect(verdict(idle).verdict).toBe("inconclusive");
    expect(verdict(new HandWritten(start).entries).verdict).toBe("inconclusive");
  });

  it("is inconclusive, and no pass, in a run that was cut short", () => {
    expect(verdict(cutBefore(run, "teardown-3")).verdict).toBe("inconclusive");
    expect(verdict(without(run, { kind: "outcome", step: "teardown-3" })).verdict).toBe("inconclusive");
  });

  it("fails on the code of a run without any scenario", () => {
    expect(verdictOf(audited(simulate({ scenarios: [] }), { findings: [found()] }), "PC1.5").verdict).toBe(
      "fail",
    );
  });
});

describe("PC3.4", () => {
  const document = (path: string, namesCommand: boolean) => ({ path, sha256: "0".repeat(64), namesCommand });
  const verdict = (files: Audit["documents"]["files"], policy: Policy = policies.reference) =>
    verdictOf(
      amend(audited(run, { documents: { paths: ["docs"], files } }), { kind: "run" }, () => ({ policy })),
      "PC3.4",
    );

  it("passes where a document names the reference policy's command", () => {
    expect(verdict([document("docs/a.md", false), document("docs/b.md", true)])).toMatchObject({
      verdict: "pass",
      found: expect.stringMatching(/docs\/b\.md.*pullproof prune/),
      evidence: [1, 2],
      hosts: [],
    });
  });

  it("fails where none does, and says what to write", () => {
    for (const files of [[], [document("docs/a.md", false)]])
      expect(verdict(files)).toMatchObject({
        verdict: "fail",
        remedy: expect.stringContaining("`pullproof prune`"),
      });
  });

  it("wants a deviation in a DECISIONS.md as well", () => {
    const named = document("docs/runbook.md", true);
    expect(verdict([named], policies.pruneF)).toMatchObject({
      verdict: "fail",
      remedy: expect.stringContaining("DECISIONS.md"),
    });
    expect(verdict([named, document("docs/DECISIONS.md", false)], policies.pruneF).verdict).toBe("fail");
    expect(verdict([named, document("docs/DECISIONS.md", true)], policies.pruneF).verdict).toBe("pass");
    expect(verdict([document("DECISIONS.md", true)], policies.pruneF).verdict).toBe("pass");
  });

  it("is skipped where no document was named", () => {
    for (const entries of [run, audited(run)])
      expect(verdictOf(entries, "PC3.4")).toMatchObject({
        verdict: "skipped",
        remedy: expect.stringContaining("--documents"),
      });
  });

  it("is inconclusive in a run without an end", () => {
    const entries = audited(run, { documents: { paths: ["docs"], files: [document("a.md", true)] } });
    expect(verdictOf(without(entries, { kind: "end" }), "PC3.4").verdict).toBe("inconclusive");
  });
});

describe("a run that was told of everything", () => {
  it("leaves no claim about code and documents open", () => {
    const files = [{ path: "docs/a.md", sha256: "0".repeat(64), namesCommand: true }];
    const { claims } = judge(audited(run, { documents: { paths: ["docs"], files } }));
    const words = Object.fromEntries(claims.map(({ id, verdict }) => [id, verdict])) as Record<
      ClaimId,
      string
    >;
    expect([words["PC1.5"], words["PC3.4"]]).toEqual(["pass", "pass"]);
  });
});
