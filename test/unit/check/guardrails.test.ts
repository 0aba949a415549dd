import { describe, expect, it } from "vitest";
import { amend, without } from "../../support/edit.ts";
import { brokenImage, chain, newDigest } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const guarded = simulate({ scenarios: [chain(), newDigest, brokenImage] });

describe("G1", () => {
  it("passes when the new digest is pulled and the old pin still deploys", () => {
    expect(verdictOf(guarded, "G1").verdict).toBe("pass");
  });

  it("fails when the service still names the old digest", () => {
    const masked = amend(guarded, { kind: "outcome", step: "deploy-moved-tag" }, ({ services }) => ({
      services: services.map((service) => ({ ...service, image: service.image.replace("web-b", "web-a") })),
    }));
    expect(verdictOf(masked, "G1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("names sha256:manifest-web-a and not sha256:manifest-web-b"),
    });
  });

  it("fails when the container runs another image than the service names", () => {
    const old = amend(guarded, { kind: "outcome", step: "deploy-moved-tag" }, ({ services }) => ({
      services: services.map((service) => ({ ...service, imageId: "sha256:id-web-a" })),
    }));
    expect(verdictOf(old, "G1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("its container runs sha256:id-web-a"),
    });
  });

  it("knows an image by its ID where that is the manifest's digest", () => {
    const digest = "sha256:manifest-web-b";
    const named = amend(guarded, { kind: "outcome", step: "deploy-moved-tag" }, ({ services }) => ({
      services: services.map((service) =>
        service.image.includes(digest) ? { ...service, imageId: digest } : service,
      ),
    }));
    const containerd = amend(named, { kind: "images" }, ({ images }) => ({
      images: images.map((image) =>
        image.id === "sha256:id-web-b" ? { ...image, id: digest, digests: [] } : image,
      ),
    }));
    expect(verdictOf(containerd, "G1").verdict).toBe("pass");
  });

  it("looks only at the hub of its own host, whose build of the same variant may have another digest", () => {
    const index = guarded.findLastIndex((entry) => entry.kind === "published");
    const elsewhere = guarded.flatMap((entry) =>
      entry.kind === "published"
        ? [{ ...entry, host: "lab-2", data: { ...entry.data, digest: `${entry.data.digest}-elsewhere` } }]
        : [],
    );
    expect(verdictOf(guarded.toSpliced(index + 1, 0, ...elsewhere), "G1").verdict).toBe("pass");
  });

  it("fails when the old pin downloads again", () => {
    const layer = guarded.find(
      (entry) => entry.kind === "request" && entry.data.digest === "sha256:layer-web-b",
    );
    const index = guarded.findIndex((entry) => entry.kind === "outcome" && entry.step === "deploy-old-pin");
    const more = { ...layer, step: "deploy-old-pin" } as (typeof guarded)[number];
    const again = amend(
      guarded.toSpliced(index, 0, more),
      { kind: "interface", step: "deploy-old-pin" },
      (data) => ({
        rxBytes: data.rxBytes + 6e6,
      }),
    );
    expect(verdictOf(again, "G1")).toMatchObject({
      verdict: "fail",
      found: "deploy-old-pin downloaded 1 layer (5.0 MB) again",
    });
  });

  it("is inconclusive when the new layer was not seen on its way, or no container tells what runs", () => {
    const unseen = without(guarded, {
      kind: "request",
      step: "deploy-moved-tag",
      that: ({ media }) => media === "layer",
    });
    expect(verdictOf(unseen, "G1").verdict).toBe("inconclusive");
    const stopped = amend(guarded, { kind: "outcome", step: "deploy-moved-tag" }, ({ services }) => ({
      services: services.map((service) => ({ ...service, imageId: null, running: false })),
    }));
    expect(verdictOf(stopped, "G1").verdict).toBe("inconclusive");
    const ended = amend(guarded, { kind: "outcome", step: "deploy-moved-tag" }, ({ services }) => ({
      services: services.map((service) => ({ ...service, running: false })),
    }));
    expect(verdictOf(ended, "G1").verdict).toBe("inconclusive");
  });

  it("is inconclusive when other layers than the new one were fetched", () => {
    const other = amend(
      guarded,
      { kind: "request", step: "deploy-moved-tag", that: ({ media }) => media === "layer" },
      () => ({ digest: "sha256:layer-base" }),
    );
    expect(verdictOf(other, "G1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("fetched 0 of 1 new layer"),
    });
  });

  it("fails when the pinned deploy runs another digest", () => {
    const drifted = amend(guarded, { kind: "outcome", step: "deploy-old-pin" }, ({ services }) => ({
      services: services.map((service) => ({ ...service, image: service.image.replace("web-a", "web-b") })),
    }));
    expect(verdictOf(drifted, "G1").found).toContain("after deploy-old-pin the service notebook_web names");
    expect(verdictOf(drifted, "G1").verdict).toBe("fail");
  });
});

describe("G2", () => {
  it("passes when both deploys are refused", () => {
    expect(verdictOf(guarded, "G2").verdict).toBe("pass");
  });

  const warned = (warnings: string[]) =>
    amend(guarded, { kind: "outcome", step: "deploy-vanished" }, () => ({ status: "ok" as const, warnings }));

  it("accepts a warning that names the image, and no other", () => {
    const warning = "image pullproof/web:1.0.0 could not be accessed on a registry to record its digest";
    expect(verdictOf(warned([warning]), "G2").verdict).toBe("pass");
    expect(verdictOf(warned(["something else went wrong"]), "G2").verdict).toBe("fail");
    expect(verdictOf(warned([]), "G2")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("the cache masked it"),
    });
  });

  it("fails when a broken image deploys, or is stored", () => {
    const up = amend(guarded, { kind: "outcome", step: "deploy-broken" }, () => ({ status: "ok" as const }));
    expect(verdictOf(up, "G2").verdict).toBe("fail");
    const stored = amend(guarded, { kind: "images", step: "deploy-broken" }, ({ images }) => ({
      images: images.map((image) => ({ ...image, digests: ["pullproof/web@sha256:manifest-web-broken"] })),
    }));
    expect(verdictOf(stored, "G2").found).toContain("the broken image is in the store");
  });

  it("proves nothing when the fault did not strike, or the outcome is unknown", () => {
    const spared = amend(guarded, { kind: "request", step: "deploy-vanished" }, () => ({ fault: null }));
    expect(verdictOf(spared, "G2").verdict).toBe("inconclusive");
    const unknown = amend(guarded, { kind: "outcome", step: "deploy-broken" }, () => ({
      status: "info" as const,
    }));
    expect(verdictOf(unknown, "G2").verdict).toBe("inconclusive");
  });
});

describe("G3", () => {
  const path = { mirrors: [], proxies: [], preferOffline: false, hostsFiles: [] };

  it("passes on clean settings when the hub was asked for every image", () => {
    expect(verdictOf(guarded, "G3").verdict).toBe("pass");
  });

  it.each([
    ["mirror https://mirror.example", { mirrors: ["https://mirror.example"] }],
    ["proxy http://proxy.example", { proxies: ["http://proxy.example"] }],
    ["hosts file /etc/hosts.toml", { hostsFiles: ["/etc/hosts.toml"] }],
    ["DOCKER_SERVICE_PREFER_OFFLINE_IMAGE is set", { preferOffline: true }],
  ])("fails on %s", (words, setting) => {
    const set = amend(guarded, { kind: "environment" }, () => ({ pullPath: { ...path, ...setting } }));
    expect(verdictOf(set, "G3")).toMatchObject({
      verdict: "fail",
      found: `between the engine and docker.io: ${words}`,
    });
  });

  it("is inconclusive when a setting is unknown", () => {
    const unknown = amend(guarded, { kind: "environment" }, () => ({ pullPath: { ...path, mirrors: null } }));
    expect(verdictOf(unknown, "G3")).toMatchObject({
      verdict: "inconclusive",
      found: "not readable, so unknown: mirror",
    });
  });

  it("fails when a deploy came up without asking for one of its images", () => {
    const unasked = without(guarded, {
      kind: "request",
      step: "warm-redeploy",
      that: ({ endpoint, repository }) => endpoint === "manifest" && repository === "pullproof/store",
    });
    expect(verdictOf(unasked, "G3").found).toBe(
      "warm-redeploy came up without asking docker.io for pullproof/store",
    );
  });
});

describe("G4", () => {
  it("measures nodes and the share of pulls", () => {
    const { verdict, found } = verdictOf(guarded, "G4");
    expect(verdict).toBe("pass");
    expect(found).toMatch(/^1 node; cold pulls take [\d.]+ s of a [\d.]+ s run \(\d+ %\); revisit/);
  });

  it("says when the conditions are met", () => {
    expect(verdictOf(guarded, "G4").found).toContain("that is so now");
    const slow = amend(guarded, { kind: "outcome", step: "teardown-1" }, () => ({ seconds: 100 }));
    expect(verdictOf(slow, "G4").found).toContain("not now");
    const cluster = amend(slow, { kind: "environment" }, () => ({ swarmNodes: 3 }));
    expect(verdictOf(cluster, "G4").found).toContain("that is so now");
  });
});
