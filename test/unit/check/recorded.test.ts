import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import { parseEvidence } from "../../../src/check/stored-run.ts";
import type { ClaimId } from "../../../src/model/claim.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import type { VerdictWord } from "../../../src/model/verdict.ts";

function recorded(name: string): Entry[] {
  const file = new URL(`../../../fixtures/histories/${name}.jsonl.gz`, import.meta.url);
  const { entries, problems } = parseEvidence(gunzipSync(readFileSync(file)).toString(), true);
  expect(problems).toEqual([]);
  return entries;
}

/** What a host that keeps its cache gets from one sample in a lab, of the claims that are about the chain alone. */
const chain: Partial<Record<ClaimId, VerdictWord>> = {
  "PC2.1": "pass",
  "PC2.2": "pass",
  // The lab restarts a container: the boot id stays.
  "PC2.3": "inconclusive",
  "PC3.1": "pass",
  "PC3.2": "inconclusive",
  G1: "pass",
  G2: "pass",
  G3: "pass",
  G4: "pass",
};

/** And of those that bring hosts under disk pressure along. */
const all: Partial<Record<ClaimId, VerdictWord>> = {
  ...chain,
  "PC1.1": "pass",
  "PC1.2": "pass",
  "PC1.3": "pass",
  "PC1.4": "pass",
  "PC2.4": "pass",
  "PC3.3": "pass",
};

describe("runs that were recorded on a real engine (26.1.5)", () => {
  test.each([
    { name: "graphdriver", verdicts: all },
    { name: "containerd", verdicts: chain },
    { name: "graphdriver-prepull", verdicts: chain },
    { name: "graphdriver-prepull-prune-dangling", verdicts: chain },
    {
      name: "graphdriver-prune-dangling",
      verdicts: {
        ...all,
        "PC1.1": "fail",
        "PC1.2": "fail",
        // The first prune run had left nothing that could go.
        "PC1.3": "inconclusive",
        "PC2.2": "fail",
        "PC2.4": "fail",
        "PC3.1": "fail",
        "PC3.3": "fail",
      },
    },
    {
      // A reboot at rest and a power cut with the app running, in an emulated machine.
      name: "vm",
      verdicts: {
        "PC1.1": "pass",
        "PC1.2": "skipped",
        "PC1.4": "pass",
        "PC2.1": "pass",
        "PC2.2": "pass",
        "PC2.3": "pass",
        "PC2.4": "pass",
        "PC3.1": "pass",
        G3: "pass",
      },
    },
    { name: "graphdriver-no-registry-auth", verdicts: { ...chain, "PC2.1": "fail" } },
  ] as const)(
    "$name",
    ({ name, verdicts }) => {
      const judgement = judge(recorded(name));
      const words = Object.fromEntries(
        judgement.claims.filter(({ id }) => id in verdicts).map(({ id, verdict }) => [id, verdict]),
      );
      expect(words).toEqual(verdicts);
      expect(judgement.controls.filter(({ caught }) => !caught).map(({ id }) => id)).toEqual([]);
      // A whole run is four megabytes of evidence.
    },
    60_000,
  );
});
