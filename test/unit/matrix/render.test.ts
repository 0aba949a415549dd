import { describe, expect, it } from "vitest";
import { type Mode, modes } from "../../../src/gauntlet/modes.ts";
import type { Cell } from "../../../src/matrix/cells.ts";
import type { MatrixEngine } from "../../../src/matrix/engines.ts";
import { findings } from "../../../src/matrix/findings.ts";
import { type Found, type Row, renderMatrix, renderTable, unexpected } from "../../../src/matrix/render.ts";
import type { Verdict, VerdictWord } from "../../../src/model/verdict.ts";
import { type MatrixClaim, matrixClaims } from "../../../suites/matrix.ts";
import { environment } from "../../support/simulation.ts";

type Store = "graphdriver" | "containerd";

const engine: MatrixEngine = {
  name: "old",
  title: "an old release",
  image: { suite: "woody", packages: [] },
  imageStores: ["graphdriver", "containerd"],
  expected: { containerd: { G1: "fail" } },
};

function cell(
  words: Partial<Record<MatrixClaim, VerdictWord>> = {},
  changes: Partial<Cell> = {},
  imageStore: Store = "graphdriver",
): Cell {
  const verdict = (id: MatrixClaim): Verdict => ({
    id,
    verdict: words[id] ?? "pass",
    expected: "",
    found: `what <${id}> found`,
    evidence: [],
    remedy: null,
    hosts: [],
  });
  return {
    engine: { ...environment.engine, imageStore },
    verdicts: Object.fromEntries(matrixClaims.map((id) => [id, verdict(id)])) as Cell["verdicts"],
    plainPrune: { lost: 3, layerBytes: 18_000_000, disk: null, manifestGets: null },
    traits: {
      stored: { seen: "by digest only", evidence: [] },
      cold: { seen: "1 HEAD, 2 GET, 2 config, 1 layer", evidence: [] },
      warm: { seen: "1 HEAD, 1 GET, 1 config, 0 layer", evidence: [] },
      token: { seen: "PATCH", evidence: [7, 8, 12] },
      pulls: { seen: "0", evidence: [] },
      pruned: { seen: "3 images", evidence: [] },
      events: { seen: "delete and prune and untag", evidence: [] },
      moved: { seen: "0 images", evidence: [] },
      vanished: { seen: "it is <gone> | lost", evidence: [] },
      broken: { seen: null, evidence: [] },
    },
    ...changes,
  };
}

function row(found: Found, imageStore: Store = "graphdriver"): Row {
  const mode: Mode = modes.find(({ name }) => name === imageStore) ?? modes[0];
  return { plan: { host: `old-${imageStore}`, mode }, engine, cell: found };
}

const setting = { date: "2026-11-23", folder: "reports/some", cpus: 2, memoryBytes: 25e9, outer: "20.10" };
const linesOf = (rows: readonly Row[]) => renderMatrix(rows, setting).split("\n");

describe("what is not as expected", () => {
  it("is any verdict but a pass, unless the engine is known for another", () => {
    expect(unexpected([row(cell())])).toEqual([]);
    expect(unexpected([row(cell({ G1: "fail" }))])).toEqual([
      "old-graphdriver: G1 is fail, expected pass: what <G1> found",
    ]);
    expect(unexpected([row(cell({ G1: "fail" }, {}, "containerd"), "containerd")])).toEqual([]);
    expect(unexpected([row(cell({}, {}, "containerd"), "containerd")])).toHaveLength(1);
    expect(unexpected([row(cell({ "PC3.1": "inconclusive" }))])).toHaveLength(1);
  });

  it("is a host that was not what its cell asked for, whatever its verdicts", () => {
    expect(unexpected([row(cell({ G1: "fail" }), "containerd")])).toEqual([
      expect.stringMatching(/^old-containerd: .*graphdriver/),
    ]);
    expect(unexpected([row(cell({}, { engine: null }))])).toHaveLength(1);
  });

  it("is a cell that came to no end, and not one whose engine cannot be had", () => {
    expect(unexpected([row({ broken: "it hung" })])).toEqual(["old-graphdriver came to no end: it hung"]);
    expect(unexpected([row({ skipped: "no go" })])).toEqual([]);
  });
});

describe("the matrix as a document", () => {
  it("has one line for each cell, with its verdicts and what the plain prune run cost", () => {
    const lines = linesOf([row(cell({ G3: "error" }))]);
    const [head = ""] = lines.filter((line) => line.startsWith("| engine"));
    const [line = ""] = lines.filter((one) => one.startsWith("| old 26.1.5"));
    const column = (name: string) => line.split(" | ")[head.split(" | ").indexOf(name)];
    expect(column("PC1.1")).toBe("pass");
    expect(column("G3")).toBe("**error**");
    expect([column("images lost"), column("downloaded again")]).toEqual(["3", "18.0 MB"]);
    expect(line.split(" | ")).toHaveLength(head.split(" | ").length);
    expect(line).toMatch(/\*\*no\*\* \|$/);
  });

  it("says why a cell has no verdicts, in a line as long as the others", () => {
    const lines = linesOf([row({ skipped: "go | is missing" })]);
    const cells = (line: string | undefined) => line?.replaceAll("\\|", "").split("|").length;
    const [line] = lines.filter((one) => one.startsWith("| old "));
    expect(line).toContain("skipped: go \\| is missing");
    expect(cells(line)).toBe(cells(lines.find((one) => one.startsWith("| engine"))));
    expect(renderTable([row({ skipped: "go is missing" })], 140)).toContain("skipped: go is missing");
    expect(renderTable([row({ broken: "it hung" })], 140)).toContain("it hung");
  });

  it("tells what was not seen as unknown", () => {
    const unseen = cell(
      {},
      { engine: null, plainPrune: { lost: null, layerBytes: null, disk: null, manifestGets: null } },
    );
    expect(linesOf([row(unseen)]).filter((line) => line.startsWith("| old ?"))[0]).toMatch(
      /\| \? \| \? \| \*\*no\*\* \|$/,
    );
  });

  it("names what is not as expected, as data", () => {
    const text = renderMatrix([row(cell({ G1: "fail" }))], setting);
    expect(text).toContain("**Not as expected:**");
    expect(text).toContain("what &lt;G1&gt; found");
    expect(renderMatrix([row(cell())], setting)).toContain("Every verdict is as expected.");
  });

  it("tells each difference from the facts with its evidence", () => {
    const [difference] = linesOf([row(cell())]).filter((line) => line.startsWith("- **old-graphdriver**"));
    expect(difference).toMatch(/GET by the facts, PATCH here \(#7–#8, #12\)/);
  });

  it("tells what each engine does by itself, as data", () => {
    const [line = ""] = linesOf([row(cell())]).filter((one) => one.startsWith("| old-graphdriver"));
    expect(line).toContain("| it is &lt;gone&gt; \\| lost | ? |");
  });

  it("says once what each engine is", () => {
    const text = renderMatrix([row(cell()), row(cell({}, {}, "containerd"), "containerd")], setting);
    expect(text.split("- `old`: an old release")).toHaveLength(2);
  });

  it("ends with the findings", () => {
    const text = renderMatrix([row(cell())], setting);
    for (const { about, lines } of findings) {
      expect(text).toContain(`### ${about}\n`);
      for (const line of lines) expect(text).toContain(`- ${line}\n`);
    }
  });
});

describe("the matrix on a terminal", () => {
  it("tells what does not pass", () => {
    const text = renderTable(
      [row(cell({ G1: "fail", G2: "error" })), row(cell({}, {}, "containerd"), "containerd")],
      140,
    );
    expect(text).toMatch(/old-graphdriver .*G1 fail, G2 error/);
    expect(text).toMatch(/old-containerd .* pass .*18\.0 MB/);
  });
});
