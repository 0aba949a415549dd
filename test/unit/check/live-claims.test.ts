import { describe, expect, it } from "vitest";
import type { ClaimId } from "../../../src/model/claim.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { asLive } from "../../support/as-live.ts";
import { amend, without } from "../../support/edit.ts";
import { chain, controls, policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const kept = asLive(simulate({ scenarios: [chain()] }));
const pruned = asLive(simulate({ policy: policies.pruneF, scenarios: [chain(policies.pruneF)] }));
const noAuth = asLive(simulate({ scenarios: [chain(), { ...controls.noAuth, control: false }] }));

const verdict = (entries: readonly Entry[], id: ClaimId) => verdictOf(entries, id).verdict;
const aboutBytes: ClaimId[] = ["PC2.2", "PC2.4", "PC3.1"];

/** As if the host had received so much more, at and after a step. */
function receivedMore(entries: readonly Entry[], step: string, bytes: number): Entry[] {
  const from = entries.findIndex((entry) => entry.kind === "outcome" && entry.step === step);
  return entries.map((entry, index) =>
    index > from && entry.kind === "interface"
      ? { ...entry, data: { ...entry.data, rxBytes: entry.data.rxBytes + bytes } }
      : entry,
  );
}

/** As if a budget had fallen by so much more, at and after a step. */
function spentMore(entries: readonly Entry[], step: string, identity: string, pulls: number): Entry[] {
  const from = entries.findIndex((entry) => entry.kind === "outcome" && entry.step === step);
  return entries.map((entry, index) =>
    index > from && entry.kind === "ratelimit" && entry.data.identity === identity
      ? { ...entry, data: { ...entry.data, remaining: (entry.data.remaining ?? 0) - pulls } }
      : entry,
  );
}

describe("without a ledger", () => {
  it.each([...aboutBytes, "PC1.4", "PC2.1", "G3"] as const)("%s passes by the host's own witnesses", (id) => {
    expect(verdictOf(kept, id)).toMatchObject({ verdict: "pass" });
  });

  it.each(aboutBytes)("%s fails where a prune run cost layers, and says how many", (id) => {
    expect(verdictOf(pruned, id)).toMatchObject({ verdict: "fail" });
  });

  it.each(aboutBytes)("%s is open where the host received what the store did not gain", (id) => {
    const busy = receivedMore(kept, "warm-redeploy", 50e6);
    expect(verdictOf(busy, id)).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("the smallest layer has"),
    });
  });

  it.each(aboutBytes)("%s is open where the sizes of the recipe's layers are not known", (id) => {
    expect(verdict(without(kept, { kind: "published" }), id)).toBe("inconclusive");
    const one = kept.filter((entry) => entry.kind !== "published" || !entry.data.repository.endsWith("/web"));
    expect(verdict(one, id)).toBe("inconclusive");
  });

  it.each(aboutBytes)("%s is open where nobody saw what the host received, or what it stores", (id) => {
    expect(verdict(without(kept, { kind: "interface", step: "warm-redeploy" }), id)).toBe("inconclusive");
    expect(verdict(without(kept, { kind: "images", step: "warm-redeploy" }), id)).toBe("inconclusive");
  });

  it("is open where layers of an image came that the recipe does not name", () => {
    const another = { id: "sha256:x", tags: ["other:1"], digests: [], layers: ["sha256:y"], bytes: 9 };
    const from = kept.findIndex((entry) => entry.kind === "outcome" && entry.step === "warm-redeploy");
    const busy = kept.map((entry, index) =>
      index > from && entry.kind === "images"
        ? { ...entry, data: { images: [...entry.data.images, another] } }
        : entry,
    );
    expect(verdictOf(busy, "PC3.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("1 layer of other images"),
    });
  });

  it("believes systemd's count of the engine's units before the interface, which apps use too", () => {
    const busy = receivedMore(kept, "warm-redeploy", 50e6);
    const counted = busy.flatMap((entry): Entry[] => {
      if (entry.kind !== "interface") return [entry];
      const quiet = kept.find(({ seq }) => seq === entry.seq);
      const rxBytes = quiet?.kind === "interface" ? quiet.data.rxBytes : 0;
      return [entry, { ...entry, kind: "accounting", data: { units: ["docker.service"], rxBytes } }];
    });
    const numbered = counted.map((entry, index) => ({ ...entry, seq: index + 1 }));
    for (const id of aboutBytes) expect(verdictOf(numbered, id).verdict).toBe("pass");
    expect(verdictOf(numbered, "PC3.1").found).not.toContain("50");
  });
});

describe("as whom a live host pulls", () => {
  it("fails where only the budget of its address falls", () => {
    expect(verdictOf(noAuth, "PC2.1")).toMatchObject({
      verdict: "fail",
      found: expect.stringMatching(
        /deploy-no-auth: the budget of .+ did not fall, the anonymous one fell by 3 pulls/,
      ),
    });
  });

  it.each([
    ["both budgets fall", (run: Entry[]) => spentMore(run, "warm-redeploy", "anonymous", 2)],
    ["neither falls", (run: Entry[]) => spentMore(run, "warm-redeploy", "account", -3)],
    [
      "the account's is not readable",
      (run: Entry[]) =>
        amend(run, { kind: "ratelimit", step: "warm-redeploy" }, ({ identity }) =>
          identity === "account" ? { remaining: null } : {},
        ),
    ],
    [
      "that of its address is not readable",
      (run: Entry[]) =>
        amend(run, { kind: "ratelimit", step: "warm-redeploy" }, ({ identity }) =>
          identity === "anonymous" ? { remaining: null } : {},
        ),
    ],
  ])("is open where %s", (_, change) => {
    expect(verdict(change(kept), "PC2.1")).toBe("inconclusive");
    expect(verdict(change(kept), "PC2.4")).toBe("inconclusive");
  });

  it("is open where a redeploy cost more than one pull for each service", () => {
    const run = spentMore(kept, "warm-redeploy", "account", 1);
    expect(verdictOf(run, "PC2.4")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("warm-redeploy cost 4 pulls for 3 services"),
    });
    expect(verdict(run, "PC2.1")).toBe("pass");
  });

  it("does not take a host for asked that no budget shows", () => {
    expect(verdict(spentMore(kept, "warm-redeploy", "account", -3), "G3")).toBe("inconclusive");
  });
});

describe("PC1.4 on a host that others use", () => {
  const left = (kind: "containers" | "volumes" | "services" | "networks", name: string) => {
    const from = kept.findIndex((entry) => entry.kind === "invoke" && entry.step === "teardown-1");
    const seen = kept.map(
      (entry, index): Entry =>
        index > from && entry.kind === "inventory"
          ? { ...entry, data: { ...entry.data, [kind]: [...entry.data[kind], name] } }
          : entry,
    );
    return verdictOf(seen, "PC1.4");
  };

  it("fails for what bears the name of the run's stack", () => {
    expect(left("volumes", "notebook_example_com_left").verdict).toBe("fail");
  });

  it("does not blame the run for a new service of others, and what belongs to it", () => {
    expect(left("services", "shop_app").verdict).toBe("pass");
  });

  it("is open where something came that bears nobody's name", () => {
    expect(left("volumes", "0f".repeat(32))).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("bears nobody's name"),
    });
  });
});
