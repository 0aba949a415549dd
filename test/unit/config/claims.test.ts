import { describe, expect, it } from "vitest";
import { selectClaims } from "../../../src/config/claims.ts";
import { claimIds, criterionOf } from "../../../src/model/claim.ts";
import { ExitCode } from "../../../src/model/failure.ts";

const usage = (what: RegExp, seen: RegExp) =>
  expect.objectContaining({
    exitCode: ExitCode.usage,
    what: expect.stringMatching(what),
    seen: expect.stringMatching(seen),
  });

const lab = { hosts: ["lab" as const], allowPrune: false, allowReboot: false, audit: [], documents: [] };

describe("selectClaims", () => {
  it("takes every claim where nothing is said", () => {
    expect(selectClaims(undefined, undefined, lab)).toEqual(claimIds);
  });

  it("takes claims and criteria, in report order, each once", () => {
    expect(selectClaims("G1, PC3.1,PC1.4,PC3.1", undefined, lab)).toEqual(["PC1.4", "PC3.1", "G1"]);
    expect(selectClaims("G,G2", undefined, lab)).toEqual(["G1", "G2", "G3", "G4"]);
  });

  it("leaves out what is skipped, and no other claim of its criterion", () => {
    const left = selectClaims("PC2,PC3", "PC2.3,PC3", lab);
    expect(left).toEqual(["PC2.1", "PC2.2", "PC2.4"]);
    expect(selectClaims(undefined, "PC1", lab)).toEqual(claimIds.filter((id) => criterionOf(id) !== "PC1"));
  });

  it("takes PC1 for a criterion and not for the beginning of a name", () => {
    expect(selectClaims("PC3", undefined, lab)).not.toContain("PC1.1");
    expect(() => selectClaims("PC", undefined, lab)).toThrow();
  });

  it.each(["PC9", "pc2.1", "PC2.1.1", "toString", "constructor"])("knows no claim %s", (name) => {
    expect(() => selectClaims(`PC2.1,${name}`, undefined, lab)).toThrow(usage(/no such claim/, /^--only /));
    expect(() => selectClaims(undefined, name, lab)).toThrow(usage(/no such claim/, /^--skip /));
  });

  it.each([
    ["PC2.1", "PC2"],
    ["", undefined],
    [",", undefined],
  ])("wants something left to judge: --only %j --skip %j", (only, skip) => {
    expect(() => selectClaims(only, skip, lab)).toThrow(usage(/no claim is left/, /--only/));
  });

  it("asks a live host alone only what does it no harm, and what it was given leave or paths for", () => {
    const live = { ...lab, hosts: ["live" as const] };
    const usual = selectClaims(undefined, undefined, live);
    expect(usual).toEqual(["PC1.4", "PC2.1", "PC2.2", "PC2.4", "PC3.1", "G3"]);
    const more = { ...live, allowPrune: true, allowReboot: true, audit: ["ci"], documents: ["docs"] };
    expect(selectClaims(undefined, undefined, more)).toEqual(
      expect.arrayContaining([...usual, "PC1.1", "PC1.5", "PC2.3", "PC3.4"]),
    );
    expect(selectClaims(undefined, undefined, { ...live, hosts: ["lab", "live"] })).toEqual(claimIds);
    expect(selectClaims("PC1.2", undefined, live)).toEqual(["PC1.2"]);
  });
});
