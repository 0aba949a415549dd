import { describe, expect, it } from "vitest";
import type { Entry } from "../../../src/model/evidence.ts";
import { amend, sideBySide, without } from "../../support/edit.ts";
import { pressureRun } from "../../support/pressure-run.ts";
import { chain, policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";
import { verdictOf } from "../../support/verdict-of.ts";

const kept = simulate({ scenarios: [chain()] });
const pruned = simulate({ policy: policies.pruneF, scenarios: [chain(policies.pruneF)] });

describe("PC1.1", () => {
  it("passes when the store is the same after a prune run without pressure", () => {
    expect(verdictOf(kept, "PC1.1")).toMatchObject({ verdict: "pass", remedy: null });
  });

  it("names what a prune run removed", () => {
    const { verdict, found, remedy } = verdictOf(pruned, "PC1.1");
    expect(verdict).toBe("fail");
    expect(found).toContain(
      "docker image prune -f removed 3 of 4 images (pullproof/web@sha256:manifest-web-a",
    );
    expect(remedy).toContain("reference policy");
  });

  it("fails when the prune command failed after it removed images", () => {
    const crashed = amend(pruned, { kind: "outcome", step: "prune" }, () => ({
      status: "fail" as const,
      message: "137",
    }));
    expect(verdictOf(crashed, "PC1.1").verdict).toBe("fail");
  });

  it("fails when only a tag is gone", () => {
    const untagged = amend(kept, { kind: "images", step: "prune" }, ({ images }) => ({
      images: images.map((image) => ({ ...image, tags: [] })),
    }));
    expect(verdictOf(untagged, "PC1.1")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("pullproof/base:1.0.0"),
    });
  });

  it.each([
    ["bytes", { usedBytes: 80e9 }],
    ["inodes", { usedInodes: 9e5 }],
  ])("is inconclusive under pressure of %s, whatever was removed", (_, disk) => {
    const full = amend(pruned, { kind: "disk", step: "teardown-2" }, () => disk);
    expect(verdictOf(full, "PC1.1")).toMatchObject({
      verdict: "inconclusive",
      found: "no prune run was made without disk pressure",
    });
  });

  it("is inconclusive where nobody knows whether there was pressure, whatever was removed", () => {
    const unknown = without(pruned, { kind: "disk", step: "teardown-2" });
    expect(verdictOf(unknown, "PC1.1")).toMatchObject({
      verdict: "inconclusive",
      found: "how full the disk was before prune is unknown",
    });
  });

  it("is inconclusive when the prune run failed and removed nothing", () => {
    const failed = amend(kept, { kind: "outcome", step: "prune" }, () => ({
      status: "fail" as const,
      message: "no such command",
    }));
    expect(verdictOf(failed, "PC1.1")).toMatchObject({
      verdict: "inconclusive",
      found: "prune failed: no such command",
    });
  });

  it("does not believe a store that contradicts the events", () => {
    const [event] = pruned.filter((entry) => entry.kind === "event" && entry.step === "prune");
    const at = kept.findIndex((entry) => entry.kind === "outcome" && entry.step === "prune");
    const contradicted = kept.toSpliced(at, 0, { ...event, seq: 9999 } as (typeof kept)[number]);
    expect(verdictOf(contradicted, "PC1.1")).toMatchObject({
      verdict: "inconclusive",
      found: expect.stringContaining("disagree"),
    });
  });

  it("says when the event stream was not complete", () => {
    const lost = amend(kept, { kind: "fence", step: "prune" }, () => ({ seen: false }));
    expect(verdictOf(lost, "PC1.1")).toMatchObject({
      verdict: "pass",
      found: expect.stringContaining("not complete"),
    });
  });
});

describe("PC1.4", () => {
  it("passes when teardowns leave what was there before", () => {
    expect(verdictOf(kept, "PC1.4")).toMatchObject({
      verdict: "pass",
      found: "4 teardowns left nothing behind and removed no image",
    });
  });

  it("names what is left", () => {
    const left = amend(kept, { kind: "inventory", step: "teardown-2" }, () => ({
      volumes: ["notebook_data"],
    }));
    expect(verdictOf(left, "PC1.4")).toMatchObject({
      verdict: "fail",
      found: "teardown-2 left volume notebook_data",
    });
  });

  it("ignores what was there before the deploy", () => {
    const shared = amend(kept, { kind: "inventory" }, ({ volumes }) => ({ volumes: [...volumes, "theirs"] }));
    expect(verdictOf(shared, "PC1.4").verdict).toBe("pass");
  });

  it("fails when an image is gone", () => {
    const lost = amend(kept, { kind: "images", step: "teardown-1" }, ({ images }) => ({
      images: images.slice(1),
    }));
    expect(verdictOf(lost, "PC1.4")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("teardown-1 removed 1 of 4 images"),
    });
  });

  it("is inconclusive when the teardown failed, or the inventory never saw the deploy", () => {
    const failed = amend(kept, { kind: "outcome", step: "teardown-1" }, () => ({
      status: "info" as const,
      message: "lost",
    }));
    expect(verdictOf(failed, "PC1.4").verdict).toBe("inconclusive");
    const idle = kept.find((entry) => entry.kind === "inventory" && entry.step === "teardown-1");
    const blind = amend(kept, { kind: "inventory", step: "warm-redeploy" }, () =>
      idle?.kind === "inventory" ? idle.data : {},
    );
    expect(verdictOf(blind, "PC1.4").verdict).toBe("inconclusive");
  });
});

describe("PC2.2", () => {
  it("passes when the store outlives every step", () => {
    expect(verdictOf(kept, "PC2.2").verdict).toBe("pass");
  });

  it("fails by what was removed and by what was downloaded again", () => {
    const { verdict, found } = verdictOf(pruned, "PC2.2");
    expect(verdict).toBe("fail");
    expect(found).toContain("prune removed 3 of 4 images");
    expect(found).toContain("redeploy-after-prune downloaded 3 layers (15.0 MB) again");
  });

  it("fails when an image stays under its ID but loses its digest or a layer", () => {
    const nameless = amend(kept, { kind: "images", step: "restart" }, ({ images }) => ({
      images: images.map((image) => ({ ...image, digests: [] })),
    }));
    expect(verdictOf(nameless, "PC2.2").verdict).toBe("fail");
    const thin = amend(kept, { kind: "images", step: "restart" }, ({ images }) => ({
      images: images.map((image) => ({ ...image, layers: image.layers.slice(0, 2) })),
    }));
    expect(verdictOf(thin, "PC2.2").verdict).toBe("fail");
  });

  it("is inconclusive when a step that the store must outlive did not happen", () => {
    const failed = amend(kept, { kind: "outcome", step: "restart" }, () => ({ status: "fail" as const }));
    expect(verdictOf(failed, "PC2.2").verdict).toBe("inconclusive");
  });
});

describe("PC3.3", () => {
  // Changing versions, of which cycles-claim.test.ts tells, on another host.
  const changing = pressureRun();
  const pc33 = (entries: readonly Entry[]) => verdictOf(sideBySide(entries, changing), "PC3.3");

  it("passes when the base image stays and the store does not grow", () => {
    expect(pc33(kept).verdict).toBe("pass");
  });

  it("names the step in which a base image was evicted", () => {
    const evicted = simulate({ policy: policies.pruneAf, scenarios: [chain(policies.pruneAf)] });
    expect(verdictOf(evicted, "PC3.3")).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("pullproof/base:1.0.0 was evicted in prune"),
    });
  });

  it("fails when both witnesses see growth, and is inconclusive when one does", () => {
    const bytes = amend(kept, { kind: "disk", step: "teardown-4" }, () => ({ layersBytes: 90e6 }));
    expect(pc33(bytes).verdict).toBe("inconclusive");
    const both = amend(bytes, { kind: "images", step: "teardown-4" }, ({ images }) => ({
      images: images.map((image) => ({ ...image, layers: [...image.layers, "sha256:diff-new"] })),
    }));
    expect(pc33(both)).toMatchObject({
      verdict: "fail",
      found: expect.stringContaining("1 layer"),
    });
  });

  it("is inconclusive over too few cycles, and without a base image", () => {
    const short = chain();
    const once = simulate({ scenarios: [{ ...short, steps: short.steps.slice(0, 5) }] });
    expect(pc33(once).found).toBe("2 deploy and teardown cycles ended ok");
    expect(pc33(once).verdict).toBe("inconclusive");
    const nameless = amend(kept, { kind: "run" }, () => ({ baseImages: [] }));
    expect(pc33(nameless).verdict).toBe("inconclusive");
    const unpulled = amend(kept, { kind: "run" }, () => ({ baseImages: ["pullproof/other:1"] }));
    expect(pc33(unpulled).verdict).toBe("inconclusive");
  });

  it("knows a base image by any of its names", () => {
    const long = amend(kept, { kind: "run" }, () => ({ baseImages: ["docker.io/pullproof/base:1.0.0"] }));
    expect(pc33(long).verdict).toBe("pass");
  });
});
