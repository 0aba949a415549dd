import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { versionIn } from "../../../src/deploy/abra-output.ts";
import { claimIds } from "../../../src/model/claim.ts";
import { renderBytesChart } from "../../../src/report/bytes-chart.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { renderVerdicts } from "../../../src/report/verdicts.ts";
import { abraDouble } from "../../support/abra-double/double.ts";
import { amend } from "../../support/edit.ts";
import { runHere } from "../../support/host-double.ts";
import { simulate } from "../../support/simulation.ts";

/** A run that was deployed so. */
const runBy = (name: string, version: string, registryAuth: boolean | null) =>
  amend(simulate(), { kind: "environment" }, ({ deployer }) => ({
    deployer: { ...deployer, name, version, registryAuth },
  }));

const report = (entries: ReturnType<typeof runBy>) =>
  renderReport({ entries, judgement: judge(entries), evidenceHash: "0".repeat(64), linkPrefix: "" });

describe("a run by the contract double", () => {
  it("is nowhere said to be by abra, without that it is not", async () => {
    const { stdout } = await runHere([abraDouble, "--version"]);
    const entries = runBy("abra", versionIn(stdout) ?? "", null);
    const judgement = judge(entries);
    const rendered = [
      report(entries),
      renderVerdicts(judgement),
      renderSummary(judgement, { width: 100, color: false, asked: claimIds }),
      renderBytesChart(entries),
    ];
    const lines = rendered.flatMap((text) => text.split("\n")).filter((line) => /\babra\b/i.test(line));
    expect(lines.length).toBeGreaterThanOrEqual(3);
    for (const line of lines) expect(line).toMatch(/not abra|in the place of abra/);
    expect(report(entries)).toMatch(
      /\*\*host lab.*deployed by 0\.0\.0-contract-double \(contract double, not abra\)/,
    );
  });
});

describe("a run by abra", () => {
  const text = report(runBy("abra", "0.13.0-beta-06a57de", null));

  it("says so, and nothing of what abra might be instead", () => {
    expect(text).toContain("deployed by abra 0.13.0-beta-06a57de, registry auth left to the deployer");
    expect(text).not.toMatch(/compared with abra|contract double/);
  });

  it("does not claim that no credentials were sent, which abra decides itself", () => {
    expect(text).not.toMatch(/not sent|--no-registry-auth/);
    expect(text).toContain("--deployer abra\n");
  });
});

describe("a run by docker's own client", () => {
  it("says in one sentence what is as with abra, and what is not", () => {
    const row = report(runBy("stack", "26.1.5", true))
      .split("\n")
      .find((line) => line.includes("compared with abra"));
    for (const what of [
      "recipe",
      "digest resolution",
      "convergence",
      "lint",
      "version labels",
      "credentials",
    ])
      expect(row).toContain(what);
  });

  it.each([
    [true, "registry auth sent", false],
    [false, "registry auth not sent", true],
  ])("tells whether credentials were sent: %s", (sent, words, option) => {
    const text = report(runBy("stack", "26.1.5", sent));
    expect(text).toContain(words);
    expect(text.includes("--no-registry-auth")).toBe(option);
  });
});
