import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { renderExplanation, renderPrune, renderPruneJson } from "../../../src/report/prune.ts";
import { type Changes, day, disk, image, now, service, sha } from "../policy/hosts.ts";
import { orphan, removed, reportOf, used } from "../policy/prune-report.ts";

describe("renderPrune", () => {
  /** Cells of the row that begins with a name. */
  function row(text: string, name: string): string[] {
    const line = text.split("\n").find((one) => one.startsWith(`│ ${name} `));
    if (line === undefined) throw new Error(`no row for ${name} in ${text}`);
    return line
      .split("│")
      .slice(1, -1)
      .map((cell) => cell.trim());
  }

  it("shows of each image when it was used, what becomes of it, why, and what that frees", () => {
    const text = renderPrune(reportOf({}), 140);
    expect(row(text, "orphan:1")).toEqual([
      "orphan:1",
      "30 days ago",
      "remove",
      "orphaned, unused for 30 days",
      "~100 B",
    ]);
    expect(row(text, "used:1")).toEqual([
      "used:1",
      "30 days ago",
      "keep",
      "used by the container job (running)",
      "",
    ]);
  });

  it("shows what goes first, first, and the rest by name", () => {
    const images = ["d", "c", "b", "a"].map((word) => image(word, [`${word}:1`]));
    const text = renderPrune(reportOf({ images, unusedDays: { c: 40, b: 10, a: 1, d: 1 } }), 140);
    expect([...text.matchAll(/^│ (.):1/gm)].map(([, name]) => name)).toEqual(["c", "b", "a", "d"]);
  });

  it.each([80, 100, 120])("fits %i columns, and loses no part of a name", (width) => {
    const digest = `registry.example.org:5000/some/rather/long/path/to/a/repository@${sha("x")}`;
    const text = renderPrune(reportOf({ images: [image("long", [digest]), used] }), width);
    const table = text.split("\n").slice(1);
    for (const line of table) expect(line.length).toBeLessThanOrEqual(width);
    const cells = table.map((line) => line.split("│")[1]?.trim() ?? "").join("");
    expect(cells).toContain(digest.slice(0, -52));
  });

  it("draws no table where it would be nothing but borders", () => {
    const lines = renderPrune(reportOf({}), 60).split("\n").slice(1);
    expect(lines).toContain("orphan:1, 30 days ago, remove, orphaned, unused for 30 days, ~100 B");
  });

  it("draws none where there is no image", () => {
    expect(renderPrune(reportOf({ images: [], state: { disk: disk(1) } }), 100)).toMatch(
      /^nothing to do[^\n]*$/,
    );
  });

  it("makes visible what a name hides", () => {
    const text = renderPrune(reportOf({ images: [image("evil", ["evil\u001b[2J:1"])] }), 140);
    expect(text).not.toContain("\u001b");
    expect(text).toContain("evil\\u{1b}[2J:1");
  });

  it("does not list thousands of images that stay, but every one that goes", () => {
    const numbers = Array.from({ length: 300 }, (_, number) => number);
    const images = numbers.flatMap((n) => [
      image(`old${n}`, [`old${n}:1`]),
      image(`young${n}`, [`young${n}:1`]),
    ]);
    const unusedDays = Object.fromEntries(numbers.map((n) => [`young${n}`, 1]));
    const usedBytes = 900_000;
    const text = renderPrune(
      reportOf({ images, unusedDays, state: { disk: { ...disk(0), usedBytes } } }),
      120,
    );
    expect(text.match(/^│ old\d/gm)).toHaveLength(300);
    expect(text).toMatch(/… and 100 more images/);
  });

  it("names stopped containers that go before the images", () => {
    const report = reportOf({});
    const survey = { ...report.survey, containers: [{ id: "c", name: "job", endedAt: now - 9 * day }] };
    expect(row(renderPrune({ ...report, survey }, 140), "container job").slice(1, 3)).toEqual([
      "9 days ago",
      "remove",
    ]);
  });

  it("shows what came of it: what was removed, kept, pruned, and not come to", () => {
    const skipped = [{ id: "s", name: "skipped:1", reason: "it is gone already" }];
    const text = renderPrune(
      reportOf(
        {},
        {
          images: { ...removed, skipped },
          containers: { removed: [{ id: "c", name: "job", freedBytes: 7 }], skipped: [] },
          buildCacheBytes: 42,
          left: ["left:1"],
          unknown: "unsure:1",
        },
      ),
      140,
    );
    expect(row(text, "orphan:1")).toEqual(["orphan:1", "removed", "", "300 B"]);
    expect(row(text, "skipped:1")).toEqual(["skipped:1", "kept", "it is gone already", ""]);
    expect(row(text, "container job")).toEqual(["container job", "removed", "", "7 B"]);
    expect(row(text, "build cache").at(-1)).toBe("42 B");
    expect(row(text, "left:1")[1]).toBe("not removed");
    expect(row(text, "unsure:1")[1]).toBe("not known");
  });
});

describe("renderPruneJson", () => {
  const parsed = (changes: Changes, ids: ReadonlySet<string> | null = null) =>
    JSON.parse(renderPruneJson(reportOf(changes), ids)) as { images: Record<string, unknown>[] } & Record<
      string,
      unknown
    >;

  it("holds the verdict, the disk, the marks and every image with its place", () => {
    expect(parsed({})).toMatchObject({
      exitCode: ExitCode.fail,
      applied: false,
      at: new Date(now).toISOString(),
      usesKnownSince: new Date(now - 60 * day).toISOString(),
      disk: { before: { usedBytes: 900 }, after: null },
      marks: { high: "80 %", low: "70 %" },
      minAgeMs: 7 * day,
      images: [
        {
          ...orphan,
          name: "orphan:1",
          does: "remove",
          place: 1,
          freesBytesEstimate: 100,
          lastUse: new Date(now - 30 * day).toISOString(),
        },
        { ...used, does: "keep", place: null, freesBytesEstimate: null },
      ],
    });
  });

  it("holds only the images that are asked for", () => {
    expect(parsed({}, new Set([used.id])).images.map(({ name }) => name)).toEqual(["used:1"]);
  });

  it("knows no first sight of an image without a record", () => {
    expect(parsed({ record: { images: {} } }).images.map(({ firstSeen }) => firstSeen)).toEqual([null, null]);
  });
});

describe("renderExplanation", () => {
  it("tells of one image all that decides", () => {
    const names = ["web:1", "web@sha256:1"];
    const report = reportOf({
      images: [image("web", names), orphan],
      state: { services: [service("web:1@sha256:1")] },
    });
    const text = renderExplanation(report, new Set([sha("web")]));
    for (const part of [
      "web:1: keep: named by the service web",
      sha("web"),
      ...names,
      "100 B in 1 layer",
      "30 days ago",
    ])
      expect(text).toContain(part);
    expect(text).not.toContain("orphan:1:");
    expect(text).not.toContain("place in the order");
  });

  it("tells the place of one that may go", () => {
    expect(renderExplanation(reportOf({}), new Set([orphan.id]))).toMatch(/place in the order .*: 1 of 1$/m);
  });
});
