import { describe, expect, it } from "vitest";
import type { Compared } from "../../../src/nightly/compare.ts";
import { judgeNight, type Night } from "../../../src/nightly/night.ts";
import { headline, nightCases, nightSection, renderNight } from "../../../src/report/nightly.ts";
import { renderTrendTable, type TrendNight } from "../../../src/report/trend.ts";
import { renderTrendChart } from "../../../src/report/trend-chart.ts";
import { judgeNights, quietNight, summaryOf } from "../../support/nights.ts";
import { elementsOf, parseXml } from "../../support/xml.ts";

const hostile = 'evil|`</text><script>\u001b[2J\n# heading & "';

const row = (changes: Partial<Compared>): Compared => ({
  kind: "verdict",
  subject: "PC1.1",
  before: "pass",
  tonight: "pass",
  change: "same",
  ...changes,
});

/** A night on which these things were compared. */
function nightWith(compared: Compared[], changes: Partial<Night> = {}): Night {
  const [night] = judgeNights([quietNight(1)]);
  if (night === undefined) throw new Error("no night");
  return { ...night, comparedWith: "20260101-030405-000a", notes: [], compared, ...changes };
}

describe("a night in words", () => {
  it("begins with what got worse, and counts what could not be seen among it", () => {
    const worse = row({ kind: "images", subject: "live", change: "worse" });
    const night = nightWith([row({ change: "unsure" }), worse, row({ change: "better" })]);
    expect(headline(night)).toBe("2 regressions: verdict of PC1.1, images of live");
    expect(nightCases(night).map(({ verdict }) => verdict)).toEqual(["error", "fail"]);
  });

  it("says that nothing got worse, since when, and how much was compared", () => {
    const night = nightWith([row({}), row({ subject: "PC1.4" }), row({ kind: "time", tonight: "7 s" })]);
    const text = renderNight(night, 120);
    expect(text).toMatch(/nothing got worse since 20260101-030405-000a/);
    expect(text).toMatch(/as it was: 2 × verdict$/m);
    expect(text).toMatch(/time .* 7 s/);
    expect(nightCases(night)).toMatchObject([{ verdict: "pass" }]);
  });

  it("never calls a baseline that is not good a success", () => {
    const night = nightWith([], { comparedWith: null, good: false });
    expect(headline(night)).toMatch(/^new baseline, not good/);
  });

  it.each([
    ["on a terminal", (night: Night) => renderNight(night, 120)],
    ["on a narrow one", (night: Night) => renderNight(night, 40)],
    ["in Markdown", nightSection],
  ])("lets a hostile name be what it is, %s", (_, render) => {
    const compared = [row({ subject: hostile, before: hostile, tonight: hostile, change: "worse" })];
    const text = render(nightWith(compared, { notes: [hostile] }));
    expect(text).not.toContain("\u001b");
    expect(text).not.toMatch(/^# heading/m);
    expect(text).toMatch(/u\\?\{1b\\?\}/);
  });

  it("leaves no markup in Markdown, nor a cell that ends early", () => {
    const text = nightSection(nightWith([row({ subject: hostile, change: "worse" })]));
    expect(text).not.toContain("<script>");
    const [, , cells = ""] = text.split("\n").filter((line) => line.startsWith("|"));
    expect(cells.replaceAll("\\|", "").split("|")).toHaveLength(7);
  });
});

describe("the trend", () => {
  const trend: TrendNight[] = [1, 2, 3].map((night) => ({
    summary: summaryOf(quietNight(night)),
    beginsAnew: night === 1,
    regressions: night === 3 ? 2 : 0,
  }));
  const chart = (nights: readonly TrendNight[]) =>
    parseXml(renderTrendChart(nights).replace(/<style>[\s\S]*<\/style>/, ""));

  it("lists the latest night first, with what it regressed by and where a baseline begins", () => {
    const [, , ...rows] = renderTrendTable(trend).split("\n");
    expect(rows).toHaveLength(3);
    expect(rows[0]).toMatch(/^\| `20260103.* \*\*2\*\* \|$/);
    expect(rows[2]).toMatch(/new baseline \|$/);
    expect(rows[0]).toMatch(/1\.0\d s \(1\.0\d s to 1\.0\d s\) \| 0 B \| 21 \|/);
  });

  it("says how much of a sum is not known", () => {
    const [first] = trend;
    if (first === undefined) throw new Error("no night");
    const redeploys = first.summary.redeploys.map((one, index) =>
      index === 0 ? { ...one, layerBytes: null } : one,
    );
    const text = renderTrendTable([{ ...first, summary: { ...first.summary, redeploys } }]);
    expect(text).toContain("0 B (1 unknown)");
  });

  it("draws a cell for each claim and night, a mark for a regression, a line for a new baseline", () => {
    const drawn = chart(trend);
    const cells = elementsOf(drawn, "rect").filter(({ attributes }) => attributes.class === "pass");
    expect(cells).toHaveLength(3 * (trend[0]?.summary.claims.length ?? 0));
    expect(elementsOf(drawn, "text").filter(({ attributes }) => attributes.class === "worse")).toHaveLength(
      1,
    );
    expect(elementsOf(drawn, "line").filter(({ attributes }) => attributes.class === "anew")).toHaveLength(1);
    expect(elementsOf(drawn, "circle")).toHaveLength(3);
  });

  it("fits its frame, with one night and with many", () => {
    for (const nights of [trend.slice(0, 1), Array.from({ length: 10 }, () => trend).flat()]) {
      const drawn = chart(nights);
      const width = Number(drawn.attributes.width);
      for (const { attributes } of elementsOf(drawn, "rect"))
        expect(Number(attributes.x) + Number(attributes.width)).toBeLessThanOrEqual(width);
      for (const { attributes } of elementsOf(drawn, "rect"))
        expect(Number(attributes.width)).toBeGreaterThan(0);
    }
  });

  it("is an empty chart of no nights", () => {
    expect(elementsOf(chart([]), "rect")).toEqual([]);
  });
});

describe("judgeNight", () => {
  it("tells which deploys downloaded, and how much, in the row of each", () => {
    const tonight = summaryOf(quietNight(2));
    const redeploys = tonight.redeploys.map((one, index) =>
      index === 1 ? { ...one, layerBytes: 18e6 } : one,
    );
    const { compared } = judgeNight({
      tonight: { ...tonight, redeploys },
      judgement: { overall: "pass", claims: [], controls: [] },
      before: [{ name: "a", summary: summaryOf(quietNight(1)), good: true, record: null }],
      removals: [],
      beginAnew: false,
    });
    expect(compared.filter(({ change }) => change === "worse")).toEqual([
      {
        kind: "layer bytes",
        subject: "lab/chain/redeploy-after-prune",
        before: "0 B",
        tonight: "18.0 MB",
        change: "worse",
      },
    ]);
  });
});
