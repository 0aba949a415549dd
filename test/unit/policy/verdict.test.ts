import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import type { Applied } from "../../../src/policy/apply.ts";
import { pruneVerdict } from "../../../src/policy/verdict.ts";
import { type Changes, disk, sha } from "./hosts.ts";
import { removed, reportOf } from "./prune-report.ts";

const pull = { pulls: ["/data/tmp/GetImageBlob1"] };

const verdict = (changes: Changes, applied: Partial<Applied> | null = null) =>
  pruneVerdict(reportOf(changes, applied));
describe("the verdict on a plan", () => {
  it.each<[string, Changes, number, RegExp]>([
    [
      "without pressure",
      { state: { disk: disk(150) } },
      ExitCode.pass,
      /^nothing to do: 15 % .*\/data is used, .* 80 %$/,
    ],
    [
      "that is enough",
      { state: { disk: disk(800) }, layerBytes: { [sha("orphan's")]: 120 } },
      ExitCode.pass,
      /^would remove 1 image \(about 120 B\): 80 % /,
    ],
    [
      "that is not enough",
      {},
      ExitCode.fail,
      /^protected images alone keep the disk above the low mark \(the largest: used:1 \(100 B\)\); would remove 1 image/,
    ],
    ["on a busy host", { state: pull }, ExitCode.tryLater, /^nothing may be removed now: .*GetImageBlob1/],
    [
      "on a busy host without pressure",
      { state: { ...pull, disk: disk(150) } },
      ExitCode.pass,
      /^nothing to do/,
    ],
    [
      "with too few inodes left",
      { state: { disk: disk(100, 900) } },
      ExitCode.fail,
      /^would remove 1 image .*enough inodes.*90 % of the inodes .* 80 %$/,
    ],
    [
      "with marks that are sizes",
      { rules: { marks: { high: { bytes: 950 }, low: { bytes: 900 } } } },
      ExitCode.pass,
      /^nothing to do: 900 B .* are used, the high mark is 950 B$/,
    ],
    [
      "with marks that are sizes and too few inodes left, whose marks are the default ones",
      { rules: { marks: { high: { bytes: 950 }, low: { bytes: 901 } } }, state: { disk: disk(900, 850) } },
      ExitCode.fail,
      /85 % of the inodes .* the high mark is 80 %$/,
    ],
  ])("%s", (_, changes, exitCode, text) => {
    expect(verdict(changes)).toEqual({ exitCode, text: expect.stringMatching(text) });
  });

  it("names nothing as protected where there is nothing", () => {
    expect(verdict({ images: [] }).text).toMatch(
      /^protected images alone keep the disk above the low mark; would remove 0 images/,
    );
  });
});

describe("the verdict on what came of a plan", () => {
  it.each<[string, Partial<Applied>, number, RegExp]>([
    [
      "enough",
      { images: removed },
      ExitCode.pass,
      /^removed 1 image \(300 B freed\): 60 % .* low mark is 70 %$/,
    ],
    [
      "too little",
      { images: removed, reached: false, disk: disk(750) },
      ExitCode.fail,
      /^protected images alone .*used:1.*; removed 1 image .*75 %/,
    ],
    [
      "an end for a busy host",
      { busy: "1 pull is in flight", reached: false },
      ExitCode.tryLater,
      /^stopped: 1 pull.*removed 0 images/,
    ],
    [
      "an end for a failure",
      { failure: "gone", unknown: "a:1", left: ["b:1", "c:1"], disk: null, reached: false },
      ExitCode.internal,
      /^the run broke off: removed 0 images .*whether a:1 is gone is not known, did not come to 2 images; the disk could not be looked at$/,
    ],
  ])("%s", (_, applied, exitCode, text) => {
    expect(verdict({}, applied)).toEqual({ exitCode, text: expect.stringMatching(text) });
  });
});
