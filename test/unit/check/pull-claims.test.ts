import { describe, expect, it } from "vitest";
import type { Body, Entry } from "../../../src/model/evidence.ts";
import { amend, onSecondHost, without } from "../../support/edit.ts";
import { chain, controls, policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const kept = simulate({ scenarios: [chain()] });
const pruned = simulate({ policy: policies.pruneF, scenarios: [chain(policies.pruneF)] });

/** The run with one more request in a step. */
function withRequest(entries: readonly Entry[], step: string, changes: Partial<Body<"request">>): Entry[] {
  const index = entries.findIndex((entry) => entry.kind === "request" && entry.step === step);
  const model = entries[index];
  if (model?.kind !== "request") throw new Error(`no request in ${step}`);
  const more: Entry = { ...model, data: { ...model.data, endpoint: "manifest", ...changes } };
  return entries.toSpliced(index, 0, more);
}

const anonymous = { account: null, credentials: "none", repository: "pullproof/web" } as const;

describe("PC2.1", () => {
  it("passes when every pull ran as the account, by ledger and counters", () => {
    expect(verdictOf(kept, "PC2.1")).toMatchObject({
      verdict: "pass",
      found: expect.stringContaining("none anonymous"),
    });
  });

  it("names who asked for what", () => {
    const noAuth = { ...controls.noAuth, control: false };
    const { verdict, found } = verdictOf(simulate({ scenarios: [chain(), noAuth] }), "PC2.1");
    expect(verdict).toBe("fail");
    expect(found).toContain("deploy-no-auth: 3 anonymous token requests for pullproof/web");
    expect(found).toContain("(docker/26.1.5)");
  });

  it.each<[string, Partial<Body<"request">>]>([
    ["an anonymous token", { ...anonymous, endpoint: "token", status: 200 }],
    ["an anonymous token that was refused", { ...anonymous, endpoint: "token", status: 401 }],
    ["an anonymous blob", { ...anonymous, endpoint: "blob", status: 200 }],
    ["a manifest with an anonymous token", { ...anonymous, credentials: "bearer", status: 200 }],
    ["an anonymous manifest that is not there", { ...anonymous, status: 404 }],
    ["wrong credentials", { ...anonymous, credentials: "basic", endpoint: "token", status: 401 }],
    ["another account", { account: "stranger", credentials: "bearer", status: 200 }],
  ])("fails on %s", (_, request) => {
    expect(verdictOf(withRequest(kept, "warm-redeploy", request), "PC2.1").verdict).toBe("fail");
  });

  it.each<[string, Partial<Body<"request">>]>([
    ["a challenge", { ...anonymous, status: 401 }],
    ["a client that went away before the challenge", { ...anonymous, status: 0 }],
    ["a fault in place of the challenge", { ...anonymous, status: 500, fault: "status" }],
    ["a ping", { ...anonymous, endpoint: "ping", status: 200 }],
    ["pullproof's own look at the headers", { ...anonymous, status: 200, userAgent: "pullproof-witness" }],
  ])("does not take %s for an anonymous pull", (_, request) => {
    expect(verdictOf(withRequest(kept, "warm-redeploy", request), "PC2.1").verdict).toBe("pass");
  });

  it("judges what a host asked for before its first step", () => {
    const early = kept.map((entry) =>
      entry.step === "pull-base" && entry.kind === "request" ? entry : null,
    );
    const request = early.find((entry) => entry !== null);
    const stray = { ...request, step: null, scenario: null } as Extract<Entry, { kind: "request" }>;
    const strayed = kept.toSpliced(2, 0, {
      ...stray,
      data: { ...stray.data, ...anonymous, endpoint: "token" },
    });
    expect(verdictOf(strayed, "PC2.1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("before the first step"),
    });
  });

  it("is inconclusive when a counter fell by more than the ledger knows", () => {
    const last = kept.findLast((entry) => entry.kind === "ratelimit" && entry.data.identity === "anonymous");
    const fell = kept.map((entry) =>
      entry === last ? ({ ...entry, data: { ...last?.data, remaining: 97 } } as Entry) : entry,
    );
    expect(verdictOf(fell, "PC2.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("the anonymous budget fell by 3"),
    });
  });

  it("is inconclusive when the ledger misses a pull that the account's counter saw", () => {
    const missed = without(kept, {
      kind: "request",
      step: "cold-deploy",
      that: ({ counted, repository }) => counted && repository === "pullproof/web",
    });
    expect(verdictOf(missed, "PC2.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("disagree"),
    });
  });

  it("is inconclusive when the headers are unknown, the ledger has gaps, or nobody asked", () => {
    const unknown = amend(kept, { kind: "ratelimit" }, () => ({ remaining: null }));
    expect(verdictOf(unknown, "PC2.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("could not be read"),
    });
    const gap = kept.map((entry) =>
      entry.kind === "fence" && entry.step === "cold-deploy"
        ? ({ ...entry, kind: "gap", data: { witness: "hub", reason: "it was full" } } as Entry)
        : entry,
    );
    expect(verdictOf(gap, "PC2.1").found).toBe("the hub's ledger has gaps");
    expect(verdictOf(without(kept, { kind: "request" }), "PC2.1").verdict).toBe("inconclusive");
  });

  it("is inconclusive when the counters were not read after the last step, or before the first", () => {
    for (const step of ["teardown-4", null]) {
      const unread = kept.filter((entry) => entry.kind !== "ratelimit" || entry.step !== step);
      expect(verdictOf(unread, "PC2.1").verdict).toBe("inconclusive");
    }
  });

  it("does not mind what the controls spend, on the same host or another", () => {
    expect(verdictOf(simulate({ scenarios: [chain(), controls.noAuth] }), "PC2.1").verdict).toBe("pass");
    const second = simulate({ scenarios: [controls.noAuth] });
    expect(verdictOf(onSecondHost(kept, second), "PC2.1").verdict).toBe("pass");
  });

  it("is inconclusive when the counters contradict an anonymous pull", () => {
    const noAuth = simulate({ scenarios: [{ ...controls.noAuth, control: false }] });
    const still = amend(noAuth, { kind: "ratelimit" }, () => ({ remaining: 100 }));
    expect(verdictOf(still, "PC2.1").verdict).toBe("inconclusive");
  });
});

describe("PC2.4", () => {
  it("passes when each redeploy checks each image once", () => {
    expect(verdictOf(kept, "PC2.4")).toMatchObject({
      verdict: "pass",
      found: "3 repeat deploys fetched no layer: 3 manifest GETs each, all as keeper",
    });
  });

  it("fails when a manifest is fetched twice for one service", () => {
    const twice = withRequest(kept, "warm-redeploy", {
      account: "keeper",
      credentials: "bearer",
      repository: "pullproof/web",
      status: 200,
    });
    expect(verdictOf(twice, "PC2.4")).toMatchObject({
      verdict: "fail",
      found: "warm-redeploy fetched the manifest of pullproof/web 2 times",
    });
  });

  it("allows one check for each service that names the image", () => {
    const shared = amend(kept, { kind: "outcome", step: "warm-redeploy" }, ({ services }) => ({
      services: [
        ...services,
        ...services.slice(0, 1).map((service) => ({ ...service, name: "notebook_web2" })),
      ],
    }));
    const twice = withRequest(shared, "warm-redeploy", {
      account: "keeper",
      credentials: "bearer",
      repository: "pullproof/web",
      status: 200,
    });
    expect(verdictOf(twice, "PC2.4").verdict).toBe("pass");
  });

  it("fails when a manifest was asked for anonymously", () => {
    const asked = withRequest(kept, "warm-redeploy", { ...anonymous, method: "HEAD", status: 200 });
    expect(verdictOf(asked, "PC2.4").found).toBe("warm-redeploy made 1 of 7 manifest requests not as keeper");
  });

  it("fails by the layers even when the deploy did not come up, and not by the double check that comes with them", () => {
    const down = amend(pruned, { kind: "outcome", step: "redeploy-after-prune" }, () => ({
      status: "fail" as const,
    }));
    expect(verdictOf(down, "PC2.4")).toMatchObject({
      verdict: "fail",
      found: "redeploy-after-prune downloaded 3 layers (15.0 MB) again",
      remedy: expect.stringContaining("prune"),
    });
  });

  it("is inconclusive when a redeploy failed without a layer", () => {
    const down = amend(kept, { kind: "outcome", step: "warm-redeploy" }, () => ({
      status: "fail" as const,
      message: "no such image",
    }));
    expect(verdictOf(down, "PC2.4")).toMatchObject({
      verdict: "inconclusive",
      found: "warm-redeploy failed: no such image",
    });
  });
});

/** A prune run that removes an image and pulls it again: the store looks as before. */
function pruneAndPull(): Entry[] {
  const end = kept.findIndex((entry) => entry.kind === "outcome" && entry.step === "prune");
  const layer = kept.find((entry) => entry.kind === "request" && entry.data.media === "layer");
  const removal = {
    ...kept[end],
    kind: "event",
    data: { action: "delete", imageId: "sha256:id-web-a", name: null, wall: "2026-11-23T12:00:00.000Z" },
  };
  return kept
    .toSpliced(end, 0, { ...layer, step: "prune" } as Entry, removal as Entry)
    .map((entry, index) =>
      entry.kind === "interface" && index > end
        ? { ...entry, data: { ...entry.data, rxBytes: entry.data.rxBytes + 6e6 } }
        : entry,
    );
}

describe("PC3.1", () => {
  it("passes when every witness says no", () => {
    const { verdict, found } = verdictOf(kept, "PC3.1");
    expect(verdict).toBe("pass");
    expect(found).toContain("the hub sent no layer");
    expect(found).toContain("hints only");
  });

  it("names the redeploy, the layers and the bytes", () => {
    expect(verdictOf(pruned, "PC3.1")).toMatchObject({
      verdict: "fail",
      found: "redeploy-after-prune downloaded 3 layers (15.0 MB) again",
    });
  });

  it("fails when a step between the deploys downloads layers, as a prune run that pulls afterwards would", () => {
    expect(verdictOf(pruneAndPull(), "PC3.1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("prune downloaded 1 layer"),
    });
    expect(verdictOf(pruneAndPull(), "PC2.2").verdict).toBe("fail");
  });

  it("PC1.1 does not take the store as it was for one that was left alone", () => {
    expect(verdictOf(pruneAndPull(), "PC1.1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("pulled them again: 1 layer"),
    });
  });

  it("counts a blob that no manifest named as a layer", () => {
    const unknown = amend(pruned, { kind: "request", that: ({ media }) => media === "layer" }, () => ({
      media: "unknown" as const,
    }));
    expect(verdictOf(unknown, "PC3.1").verdict).toBe("fail");
  });

  it("is inconclusive when the interface received what the hub did not send", () => {
    const hidden = without(pruned, {
      kind: "request",
      step: "redeploy-after-prune",
      that: ({ media }) => media === "layer",
    });
    expect(verdictOf(hidden, "PC3.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("disagree about redeploy-after-prune"),
    });
  });

  it("is inconclusive when the hub sent what the store had", () => {
    const layer = pruned.find((entry) => entry.kind === "request" && entry.data.media === "layer");
    const sent = withRequest(kept, "warm-redeploy", layer?.kind === "request" ? layer.data : {});
    expect(verdictOf(sent, "PC3.1").verdict).toBe("inconclusive");
    const received = amend(sent, { kind: "interface", step: "warm-redeploy" }, ({ rxBytes }) => ({
      rxBytes: rxBytes + 9e6,
    }));
    expect(verdictOf(received, "PC3.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("all 5 needed layers were in the store before"),
    });
    expect(verdictOf(received, "PC2.4").verdict).toBe("fail");
  });

  it("is inconclusive when the ledger has a gap", () => {
    const gap = kept.map((entry) =>
      entry.kind === "fence" && entry.step === "warm-redeploy"
        ? ({ ...entry, kind: "gap", data: { witness: "hub", reason: "it was full" } } as Entry)
        : entry,
    );
    expect(verdictOf(gap, "PC3.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("not every witness saw warm-redeploy"),
    });
  });

  it("is inconclusive when bytes say no and the store says yes", () => {
    const empty = amend(kept, { kind: "images", step: "teardown-1" }, () => ({ images: [] }));
    expect(verdictOf(empty, "PC3.1").found).toContain("5 of 5 needed layers were not in the store before");
    expect(verdictOf(empty, "PC3.1").verdict).toBe("inconclusive");
  });

  it("does not believe witnesses that saw no layer in the cold deploy", () => {
    const blind = amend(kept, { kind: "request", that: ({ media }) => media === "layer" }, () => ({
      media: "config" as const,
    }));
    expect(verdictOf(blind, "PC3.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("cold-deploy should have downloaded layers"),
    });
  });

  it("takes a ledger without any request for one that did not watch", () => {
    const unwatched = without(kept, { kind: "request", step: "redeploy-after-restart" });
    expect(verdictOf(unwatched, "PC3.1").verdict).toBe("inconclusive");
  });
});
