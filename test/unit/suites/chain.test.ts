import { describe, expect, it } from "vitest";
import { newDigest } from "../../../suites/g1-new-digest.ts";
import { brokenImage } from "../../../suites/g2-broken-image.ts";
import { retention } from "../../../suites/pc2-retention.ts";
import type { SuiteSettings } from "../../../suites/settings.ts";

const command = { name: "command", title: "janitor", command: "janitor --now" };
const settings: SuiteSettings = {
  imageStore: "graphdriver",
  registryAuth: true,
  choosesAuth: true,
  prepull: false,
  samples: 3,
  policy: command,
  controls: { danglingOnly: command, everyUnused: command },
  baseImage: "pullproof/base:1.0.0",
  changing: { service: "app", image: { repository: "pullproof/web", tag: "7", variant: "a" } },
  timeoutSeconds: 77,
};

describe("the chain", () => {
  const { steps } = retention(settings);

  it("redeploys after each thing that a cache has to outlive", () => {
    const doings = steps.map((step) => step.do);
    expect(doings).toEqual([
      "pull",
      "deploy",
      "teardown",
      "deploy",
      "teardown",
      "prune",
      "deploy",
      "teardown",
      "restart",
      "deploy",
      "teardown",
    ]);
  });

  it("expects the first deploy to be cold and every other to be cached", () => {
    const [first, ...others] = steps.flatMap((step) => (step.do === "deploy" ? [step.expect] : []));
    expect(first).toBe("cold");
    expect(new Set(others)).toEqual(new Set(["cached"]));
  });

  it("judges the policy that was asked for", () => {
    expect(steps.find((step) => step.do === "prune")).toMatchObject({ policy: command });
  });

  it("times only a cold and a warm deploy that nothing came between", () => {
    expect(steps.flatMap((step) => (step.do === "deploy" && step.sample ? [step.id] : []))).toEqual([
      "cold-deploy",
      "warm-redeploy",
    ]);
  });

  it("gives the recipe the time that it asks for", () => {
    for (const step of steps) if (step.do === "deploy") expect(step.timeoutSeconds).toBe(77);
  });
});

describe("the new digest", () => {
  it("comes under the same tag, and the old one is pinned afterwards", () => {
    const { steps } = newDigest(settings);
    const { image } = settings.changing;
    const publish = steps.find((step) => step.do === "publish");
    expect(publish?.image).toMatchObject({ repository: image.repository, tag: image.tag });
    expect(publish?.image.variant).not.toBe(image.variant);
    const deploys = steps.flatMap((step) => (step.do === "deploy" ? [step] : []));
    expect(deploys.map(({ expect }) => expect)).toEqual(["new-digest", "cached"]);
    expect(deploys[0]?.images).toEqual({});
    expect(deploys[1]?.images).toEqual({ app: { ...image, pin: true } });
  });
});

describe("the broken image", () => {
  const { steps } = brokenImage(settings);
  const at = (id: string) => steps.findIndex((step) => step.id === id);

  it("is one whose tag vanished, deployed as the recipe names it", () => {
    expect(steps[at("vanish")]).toMatchObject({ fault: "vanished-tag", image: { tag: "7" } });
    expect(steps[at("deploy-vanished")]).toMatchObject({ expect: "unresolvable", images: {} });
    expect(at("vanish")).toBeLessThan(at("deploy-vanished"));
  });

  it("is one whose layer nobody has yet, broken before it is deployed by tag", () => {
    const publish = steps[at("publish")];
    const broken = steps[at("break")];
    const image = publish?.do === "publish" ? publish.image : undefined;
    expect(broken).toMatchObject({ fault: "broken-layer", image });
    expect(image?.variant).not.toBe("a");
    expect(steps[at("deploy-broken")]).toMatchObject({
      expect: "broken",
      images: { app: { ...image, pin: false } },
    });
    expect([at("publish"), at("break"), at("deploy-broken")]).toEqual(
      [at("publish"), at("break"), at("deploy-broken")].toSorted((a, b) => a - b),
    );
  });

  it("does not wait as long as a deploy that may come up", () => {
    for (const step of steps)
      if (step.do === "deploy") expect(step.timeoutSeconds).toBeLessThan(settings.timeoutSeconds);
  });
});
