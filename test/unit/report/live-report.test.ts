import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { asLive, liveStack } from "../../support/as-live.ts";
import { amend } from "../../support/edit.ts";
import { chain } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

const run = asLive(simulate({ scenarios: [chain()] }));
const report = (entries: readonly Entry[]) =>
  renderReport({ entries, judgement: judge(entries), evidenceHash: "0".repeat(64), linkPrefix: "" });

describe("the report on a live host", () => {
  it("says how it was reached, as what it was deployed, and how to do it again", () => {
    const text = report(run);
    expect(text).toContain("| reached by | `ssh://server` |");
    expect(text).toContain(`| deployed as the stack | ${liveStack.replaceAll("_", "\\_")} |`);
    expect(text).toContain("--docker-host ssh://server");
    expect(text).not.toContain("registry behind the hub");
  });

  it("tells whose pull budget fell in each deploy, where no ledger tells more", () => {
    expect(report(run)).toMatch(/\| warm-redeploy \| [^|]+ \| 0 \| 0 B \| 3 \/ \? \| `[^`|]+` \|/);
    const unread = amend(run, { kind: "ratelimit" }, () => ({ remaining: null }));
    expect(report(unread)).toMatch(/\| warm-redeploy \| [^|]+ \| 0 \| 0 B \| \? \/ \? \| {2}\|/);
  });

  it("shows what was there before and after, by name where it differs", () => {
    const left = amend(run, { kind: "inventory", step: "teardown-4" }, ({ volumes }) => ({
      volumes: [...volumes, "left|<b>"],
    }));
    expect(report(left)).toMatch(/\| volumes \| 0 \| 1 \| left\\\|&lt;b&gt; \| none \|/);
    expect(report(simulate({ scenarios: [chain()] }))).not.toContain("What is left on the host");
  });

  it("says that there is no cold sample where the images were cached already", () => {
    expect(report(run)).toContain("the first deploy, a cold one, took");
    const cached = amend(run, { kind: "invoke", step: "cold-deploy" }, () => ({ expect: "cached" as const }));
    expect(report(cached)).toContain("no cold sample: the images were cached already");
  });
});
