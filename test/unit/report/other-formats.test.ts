import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { claimIds } from "../../../src/model/claim.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { attachReport } from "../../../src/report/attach.ts";
import { renderBytesChart } from "../../../src/report/bytes-chart.ts";
import { codeSpan, escapeMarkdown } from "../../../src/report/escape.ts";
import { formatRanges } from "../../../src/report/ranges.ts";
import { stripPlot } from "../../../src/report/strip-plot.ts";
import { renderSummary } from "../../../src/report/summary.ts";
import { renderVerdicts } from "../../../src/report/verdicts.ts";
import { policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

const failing = simulate({ policy: policies.pruneF });

describe("renderVerdicts", () => {
  it("is the judgement as JSON, with a line end", () => {
    const judgement = judge(failing);
    const text = renderVerdicts(judgement);
    expect(JSON.parse(text)).toEqual(judgement);
    expect(text).toMatch(/^\{\n {2}"overall": "fail",\n.*\}\n$/s);
  });
});

describe("renderSummary", () => {
  const judgement = judge(failing);
  const render = (width: number, color = false) =>
    renderSummary(judgement, { width, color, asked: claimIds });

  it.each([60, 80, 100, 200])("fits into %i columns", (width) => {
    const lines = render(width, true).split("\n").map(stripVTControlCharacters);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
  });

  it("gives up the table where there is no room for one", () => {
    expect(render(40)).not.toContain("│");
    expect(render(40)).toContain("FAIL");
  });

  it("has colours only when asked", () => {
    expect(render(80)).toBe(stripVTControlCharacters(render(80)));
    expect(render(80, true)).not.toBe(render(80));
    expect(stripVTControlCharacters(render(80, true))).toBe(render(80));
  });

  it("ends with the verdict, and says which control was not caught", () => {
    expect(render(80)).toMatch(/Controls: all 4 caught\nCache retention: FAIL\n$/);
    const controls = judgement.controls.map((control, index) => ({ ...control, caught: index > 0 }));
    const broken = renderSummary(
      { ...judgement, overall: "error", controls },
      { width: 80, color: false, asked: claimIds },
    );
    expect(broken).toContain("not caught: control-no-auth");
  });

  it("lets no name control the terminal", () => {
    const claims = judgement.claims.map((claim) => ({ ...claim, found: "\u001b[2J\u0007" }));
    const text = renderSummary({ ...judgement, claims }, { width: 80, color: false, asked: claimIds });
    expect(text).not.toContain("\u001b");
    expect(text).not.toContain("\u0007");
  });
});

describe("renderBytesChart", () => {
  const chart = renderBytesChart(failing);

  it("says in words what it shows", () => {
    expect(chart).toContain("<title");
    expect(chart).toContain("redeploy-after-prune: 15.0 MB; redeploy-after-restart: 0 B</desc>");
    expect(chart).toContain("prefers-color-scheme: dark");
  });

  it("has bars in proportion", () => {
    const widths = [...chart.matchAll(/<rect class="(\w+)" x="\d+" y="\d+" width="(\d+)"/g)].map(
      ([, kind, width]) => [kind, width],
    );
    expect(widths).toEqual([
      ["cold", "410"],
      ["cached", "0"],
      ["cached", "410"],
      ["cached", "0"],
    ]);
  });

  it("escapes names and survives a run without deploys", () => {
    const hostile = failing.map((entry) =>
      entry.kind === "invoke" ? ({ ...entry, data: { ...entry.data, id: "<b>&\"'" } } as Entry) : entry,
    );
    expect(renderBytesChart(hostile)).not.toContain("<b>");
    expect(renderBytesChart(simulate({ scenarios: [] }))).toContain("No deploy was made.");
  });
});

describe("attachReport", () => {
  const begin = "<!-- pullproof:begin -->";
  const end = "<!-- pullproof:end -->";
  const report = "# Cache retention: PASS\n\n## The chain\n\n```sh\n# not a heading\n```\n";
  const document = `# Review\n\nBefore.\n\n## Evidence\n\n${begin}\nold\n${end}\n\nAfter.  \n`;

  it("replaces what is between the markers, and nothing else", () => {
    const attached = attachReport(document, report);
    expect(attached.startsWith(document.slice(0, document.indexOf(begin)))).toBe(true);
    expect(attached.endsWith(`${end}\n\nAfter.  \n`)).toBe(true);
    expect(attached).not.toContain("old");
  });

  it("changes nothing when attached again", () => {
    const attached = attachReport(document, report);
    expect(attachReport(attached, report)).toBe(attached);
  });

  it("moves headings below the one above the markers, and leaves code alone", () => {
    const attached = attachReport(document, report);
    expect(attached).toContain("\n### Cache retention: PASS\n\n#### The chain\n");
    expect(attached).toContain("\n# not a heading\n");
  });

  it("gives a document without markers a pair at its end", () => {
    for (const bare of ["", "# Review\n", "# Review"]) {
      const attached = attachReport(bare, report);
      expect(attached.startsWith(bare)).toBe(true);
      expect(attached.endsWith(`${end}\n`)).toBe(true);
      expect(attachReport(attached, report)).toBe(attached);
    }
  });

  it("keeps the line ends of the document", () => {
    const attached = attachReport(document.replaceAll("\n", "\r\n"), report);
    expect(attached.replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
  });

  it("takes markers in the middle of a line for text", () => {
    const prose = `Put ${begin} and ${end} into it.\n`;
    expect(attachReport(prose, report).startsWith(prose)).toBe(true);
  });

  it.each([
    ["a lone begin", `${begin}\n`],
    ["a lone end", `${end}\n`],
    ["reversed markers", `${end}\n${begin}\n`],
    ["two pairs", `${begin}\n${end}\n${begin}\n${end}\n`],
  ])("refuses %s", (_, broken) => {
    expect(() => attachReport(broken, report)).toThrow(
      expect.objectContaining({ name: "Failure", exitCode: 78 }),
    );
  });

  it("refuses a report that holds a marker", () => {
    expect(() => attachReport(document, `${report}\n${end}\n`)).toThrow("marker");
  });
});

describe("details", () => {
  it("writes ranges", () => {
    expect(formatRanges([3, 412, 413, 414, 433])).toBe("#3, #412–#414, #433");
    expect(formatRanges([1, 3, 5, 6], 2)).toBe("#1, #3 and 2 more");
    expect(formatRanges([])).toBe("");
  });

  it("plots samples on a line", () => {
    expect(stripPlot([0, 5, 5, 10], 10, 10)).toBe("·────•───·");
    expect(stripPlot([1, 1, 1, 1], 10, 5)).toBe("●────");
    expect(stripPlot([0], 0, 3)).toBe("·──");
  });

  it("escapes what Markdown would read", () => {
    expect(escapeMarkdown("a|b_c*d`e<f>&[g](h)")).toBe("a\\|b\\_c\\*d\\`e&lt;f&gt;&amp;\\[g\\](h)");
    expect(escapeMarkdown("line\r\nbreak")).toBe("line break");
    expect(codeSpan("docker image prune -f")).toBe("`docker image prune -f`");
    expect(codeSpan("a`b|c")).toBe("a\\`b\\|c");
    expect(codeSpan(" padded")).toBe(" padded");
  });
});
