import { describe, expect, it } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { pruneTable } from "../../../src/report/prune-runs.ts";
import { amend, without } from "../../support/edit.ts";
import { HandWritten, image, prune, pull } from "../../support/hand-written.ts";
import { pressureOnly, pressureRun } from "../../support/pressure-run.ts";
import { prunes } from "../../support/simulated-prune.ts";

const run = pressureRun(prunes(), { scenarios: pressureOnly() });
const tableOf = (entries: readonly Entry[]) => pruneTable(readHistory(entries));

/** The cells of each row, by the id of its prune run. */
function rows(entries: readonly Entry[]): Record<string, string[]> {
  const lines = tableOf(entries)
    .split("\n")
    .filter((line) => line.startsWith("| small"));
  return Object.fromEntries(
    lines.map((line) => {
      const [name = "", ...cells] = line.slice(2, -2).split(" | ");
      return [name.split(" ").at(-1) ?? "", [name.split(" ")[0] ?? "", ...cells.map((cell) => cell.trim())]];
    }),
  );
}

describe("the table of prune runs", () => {
  it("tells what each removed, how full the disk was before and after, and how it ended", () => {
    const { prune: one, "prune-too-little": last } = rows(run);
    expect(one).toEqual([
      "small-graphdriver",
      "",
      expect.stringMatching(/^8\d % → 70 %$/),
      expect.stringMatching(/^5: sha256:id-left-over-\d+, pullproof\/store@sha256:manifest-store-0\.1\.0, /),
      "21.0 MB",
      "ok",
    ]);
    expect(last?.slice(2)).toEqual([
      "95 % → 91 %",
      expect.stringMatching(/^1: /),
      "5.0 MB",
      expect.stringMatching(/code 1/),
    ]);
  });

  it("tells what went on, and that nothing was removed meanwhile", () => {
    const found = rows(run);
    for (const [id, words] of [
      ["prune-during-lock", "a run held the host's lock"],
      ["prune-during-pull", "a pull was in flight"],
      ["prune-during-convergence", "a service converged"],
      ["prune-two-at-once", "a second prune run"],
    ] as const)
      expect(found[id]?.[1]).toBe(words);
    expect(found["prune-during-pull"]?.slice(3, 5)).toEqual(["nothing", "0 B"]);
  });

  it("says how many more removed nothing at rest, and leaves no other out", () => {
    const history = new HandWritten({ images: [image("one")], share: 0.5 });
    for (let n = 1; n <= 5; n += 1) history.step(prune(`quiet-${n}`));
    history.step(prune("removes"), { images: [] });
    history.step(prune("quiet-6"));
    expect(Object.keys(rows(history.entries))).toEqual(["quiet-1", "quiet-2", "quiet-3", "removes"]);
    expect(tableOf(history.entries)).toMatch(/\n\nAnd 3 more that removed nothing, at rest\.$/);
    expect(tableOf(run)).not.toContain("more that removed nothing");
  });

  it("leaves out no run of which somebody did not see the store", () => {
    const history = new HandWritten({ images: [image("one")], share: 0.5 });
    for (let n = 1; n <= 4; n += 1) history.step(prune(`quiet-${n}`));
    history.step(prune("unseen"), { images: null });
    expect(rows(history.entries).unseen?.[3]).toBe("?");
  });

  it("marks what was not seen, and what has no outcome", () => {
    const blind = [
      { kind: "images", step: "prune" },
      { kind: "disk", step: "prune" },
      { kind: "outcome", step: "prune" },
    ] as const;
    const left = blind.reduce<Entry[]>((entries, where) => without(entries, where), run);
    expect(rows(left).prune?.slice(1)).toEqual(["", expect.stringMatching(/^8\d % → \?$/), "?", "?", "?"]);
  });

  it("takes a disk that got fuller for no gain", () => {
    const history = new HandWritten({ images: [image("one")], share: 0.5 }).step(prune("prune"), {
      share: 0.6,
    });
    expect(rows(history.entries).prune?.slice(2, 5)).toEqual(["50 % → 60 %", "nothing", "0 B"]);
  });

  it("is a sentence where no prune run was made", () => {
    expect(tableOf(new HandWritten().step(pull("pull")).entries)).toMatch(/^No prune run [^|]*$/);
  });

  it("does not let names out of their cell", () => {
    const evil = "a|b\n| c <script>";
    const hostile = amend(run, { kind: "images" }, ({ images }) => ({
      images: images.map((one) => ({ ...one, tags: [`${evil}${one.id}`] })),
    }));
    const named = amend(hostile, { kind: "outcome", step: "prune" }, () => ({
      message: evil,
      status: "fail" as const,
    }));
    const text = tableOf(named.map((entry) => ({ ...entry, host: entry.host === null ? null : evil })));
    expect(text).not.toContain("<script");
    const widths = text.split("\n").map((line) => line.replaceAll("\\|", "").split("|").length);
    expect(new Set(widths).size).toBe(1);
  });
});
