import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { attachedReport, attachReport } from "../../../src/report/attach.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { renderReview, reviewedRun } from "../../../src/report/review.ts";
import { amend, cutBefore, onSecondHost } from "../../support/edit.ts";
import { policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { withHeader } from "../../support/stored-run.ts";

const evidenceHash = "ab".repeat(32);
const manifest = new Map([
  ["evidence.jsonl", evidenceHash],
  ["report.md", "cd".repeat(32)],
]);

const render = (
  entries: readonly Entry[],
  { folder = "reports/run", sums = manifest as typeof manifest | null } = {},
) => renderReview({ entries, judgement: judge(entries), evidenceHash, folder, manifest: sums });

const failing = simulate({ policy: policies.pruneF });
const review = render(failing);

/** From one heading to the next of its level. */
function section(text: string, heading: string): string {
  const [, found = ""] = new RegExp(`^## ${heading}\n([\\s\\S]*?)(?=^#{1,2} )`, "m").exec(text) ?? [];
  return found;
}

describe("renderReview", () => {
  it("begins with the run and a verdict on each criterion", () => {
    const [head = ""] = review.split("## How to reproduce it");
    expect(head).toContain("# Review: FAIL");
    expect(
      head.match(/^\| (PC1|PC2|PC3|guardrails) .*\| (PASS|FAIL|SKIPPED|INCONCLUSIVE) \| .+ \|$/gm),
    ).toHaveLength(4);
  });

  it("has a verdict on criteria of which nothing was asked for: they are open", () => {
    const entries = withHeader(simulate(), { claims: ["PC1.1"] });
    expect(render(entries)).toMatch(/^\| PC2 .*\| SKIPPED \| PC2\.1: not asked for/m);
    expect(render(entries)).toMatch(/^\| PC1 .*\| SKIPPED \| .*pass: PC1\.1/m);
  });

  it("says how to make the run again, and how to judge this one", () => {
    const commands = section(review, "How to reproduce it");
    expect(commands).toContain("npm run verify -- --seed ");
    expect(commands).toContain("--prune image-prune-f");
    expect(commands).toContain("npx pullproof check reports/run\n");
  });

  it("names the engine of the chain in them, whichever host was seen first", () => {
    const other = amend(simulate({ scenarios: [] }), { kind: "environment" }, ({ engine }) => ({
      engine: { ...engine, imageStore: "containerd" as const },
    }));
    const [header, ...rest] = onSecondHost(simulate(), other);
    const seen = rest.filter(({ kind }) => kind === "environment").reverse();
    const entries = [header, ...seen, ...rest.filter(({ kind }) => kind !== "environment")] as Entry[];
    expect(seen[0]?.host).toBe("lab-2");
    expect(section(render(entries), "How to reproduce it")).toContain("--image-store graphdriver");
  });

  it("has the sums of the files", () => {
    const evidence = section(review, "Evidence");
    for (const [name, hash] of manifest) expect(evidence).toContain(`| \`${name}\` | \`${hash}\` |`);
  });

  it("says so where the run was cut short and has no sums", () => {
    const evidence = section(render(cutBefore(failing, "restart"), { sums: null }), "Evidence");
    expect(evidence).toContain("cut short");
    expect(evidence).toContain(evidenceHash);
  });

  it("has a place for waivers, the hosts, and then the report with links into the run's folder", () => {
    expect(section(review, "Waivers").trim()).toBe("None.");
    expect(section(review, "Environment")).toMatch(/^\| lab \| .*graphdriver.*\|$/m);
    const judgement = judge(failing);
    const report = renderReport({ entries: failing, judgement, evidenceHash, linkPrefix: "reports/run/" });
    expect(review.endsWith(report)).toBe(true);
  });

  it("names the run so that it can be found again, by whatever folder it lies in", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string({ unit: "grapheme", minLength: 1 }).filter((part) => !part.includes("/")),
          { minLength: 1 },
        ),
        (parts) => {
          const folder = parts.join("/");
          const attached = attachedReport(
            attachReport("# Review\r\n", render(failing.slice(0, 2), { folder })),
          );
          expect(reviewedRun(attached ?? "")).toEqual({ folder, evidenceHash });
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is broken by no name", () => {
    const evil =
      'x"><script>alert(1)</script>|`*_[a](https://evil.example)\n<!-- pullproof:end -->\n```\n\u001b[31m';
    const hostile = amend(
      withHeader(failing, { id: evil }),
      { kind: "environment" },
      ({ engine, deployer }) => ({
        engine: { ...engine, os: evil, version: evil },
        deployer: { ...deployer, name: evil },
      }),
    );
    const folder = "../a b)/--><!-- pullproof:end -->\n`$(id)`";
    const text = render(hostile, { folder });
    const document = attachReport("# Review\n", text);
    expect(attachReport(document, text)).toBe(document);
    expect(reviewedRun(text)?.folder).toBe(folder);
    expect(text).not.toContain("<script");
    expect(text).not.toContain("\u001b");
    expect(text.match(/<!--/g)).toHaveLength(1);
    expect(text.match(/^# /gm)).toHaveLength(2);
    expect(text).not.toMatch(/[^\\]\]\((?!\.\.\/a%20b%29\/)/);
    expect(section(text, "How to reproduce it")).toContain("do not belong on a command line");
  });
});

describe("reviewedRun", () => {
  it.each([
    "",
    "# Cache retention: PASS",
    `x <!-- pullproof:run reports/run sha256:${evidenceHash} -->`,
    "<!-- pullproof:run reports/run sha256:ab -->",
    `<!-- pullproof:run %E0%A4%A sha256:${evidenceHash} -->`,
  ])("finds none in %j", (text) => {
    expect(reviewedRun(text)).toBeNull();
  });
});
