import type { ClaimId } from "../../src/model/claim.ts";
import type {
  DeployStep,
  ImageVariant,
  Policy,
  RestartManner,
  Scenario,
  Step,
} from "../../src/model/plan.ts";

// A plan like the default one of `verify`, written out by hand so that the tests of the checkers stand alone.

/** The image of the service whose tag moves and whose layer breaks. */
export const web = (variant: string): ImageVariant => ({
  repository: "pullproof/web",
  tag: "1.0.0",
  variant,
});

/** Prune runs to judge. */
export const policies = {
  reference: { name: "reference", title: "the reference policy", command: "pullproof prune --apply" },
  pruneF: { name: "image-prune-f", title: "docker image prune -f", command: "docker image prune -f" },
  pruneAf: { name: "image-prune-af", title: "docker image prune -af", command: "docker image prune -af" },
} satisfies Record<string, Policy>;

/** A deploy with registry auth of the recipe as it is, but for the changes. */
export function deploy(id: string, expect: DeployStep["expect"], changes: Partial<DeployStep> = {}): Step {
  const base = { registryAuth: true, prepull: false, images: {}, timeoutSeconds: 60, sample: false };
  return { id, do: "deploy", expect, ...base, ...changes };
}

/** A teardown. */
export const teardown = (id: string, removeImages = false): Step => ({ id, do: "teardown", removeImages });

const prune = (id: string, policy: Policy): Step => ({
  id,
  do: "prune",
  policy,
  during: null,
  pulls: null,
});

/** The main chain, with a prune run by the given policy. */
export function chain(policy: Policy = policies.reference): Scenario {
  return {
    id: "chain",
    title: "deploy, teardown, prune, restart, redeploy",
    claims: ["PC1.1", "PC1.4", "PC2.1", "PC2.2", "PC2.3", "PC2.4", "PC3.1", "PC3.2", "PC3.3", "G3", "G4"],
    control: false,
    steps: [
      { id: "pull-base", do: "pull", image: "pullproof/base:1.0.0" },
      deploy("cold-deploy", "cold", { sample: true }),
      teardown("teardown-1"),
      deploy("warm-redeploy", "cached", { sample: true }),
      teardown("teardown-2"),
      prune("prune", policy),
      deploy("redeploy-after-prune", "cached"),
      teardown("teardown-3"),
      { id: "restart", do: "restart", manner: "restart" },
      deploy("redeploy-after-restart", "cached"),
      teardown("teardown-4"),
    ],
  };
}

/** So many more cold and warm samples than the chain has. */
export function timing(samples = 4): Scenario {
  return {
    id: "timing",
    title: "more cold and warm deploys",
    claims: ["PC1.4", "PC2.4", "PC3.2"],
    control: false,
    steps: Array.from({ length: samples }, (_, index) => index + 2).flatMap((i): Step[] => [
      { id: `evict-${i}`, do: "evict" },
      deploy(`cold-${i}`, "cold", { sample: true }),
      teardown(`cold-teardown-${i}`),
      deploy(`warm-${i}`, "cached", { sample: true }),
      teardown(`warm-teardown-${i}`),
    ]),
  };
}

/** Two restarts, one of a host at rest and one with the app running. */
export function reboots(atRest: RestartManner = "reboot", running: RestartManner = "power-cut"): Scenario {
  return {
    id: "reboots",
    title: "reboots at rest and with the app running",
    claims: ["PC2.2", "PC2.3", "PC3.1"],
    control: false,
    steps: [
      { id: "pull-base", do: "pull", image: "pullproof/base:1.0.0" },
      deploy("cold-deploy", "cold"),
      teardown("teardown-1"),
      { id: "reboot-at-rest", do: "restart", manner: atRest },
      deploy("redeploy", "cached"),
      { id: "reboot-running", do: "restart", manner: running },
      teardown("teardown-2"),
      prune("prune", policies.reference),
      deploy("redeploy-again", "cached"),
      teardown("teardown-3"),
    ],
  };
}

/** The scenario of G1. */
export const newDigest: Scenario = {
  id: "new-digest",
  title: "a tag moves",
  claims: ["G1"],
  control: false,
  steps: [
    { id: "publish-web-b", do: "publish", image: web("b") },
    deploy("deploy-moved-tag", "new-digest"),
    teardown("teardown-moved-tag"),
    deploy("deploy-old-pin", "cached", { images: { web: { ...web("a"), pin: true } } }),
    teardown("teardown-old-pin"),
  ],
};

/** The scenario of G2. */
export const brokenImage: Scenario = {
  id: "broken-image",
  title: "an image vanishes, another breaks",
  claims: ["G2"],
  control: false,
  steps: [
    { id: "vanish", do: "fault", fault: "vanished-tag", image: web("b") },
    deploy("deploy-vanished", "unresolvable"),
    teardown("teardown-vanished"),
    { id: "break", do: "fault", fault: "broken-layer", image: web("broken") },
    deploy("deploy-broken", "broken", { images: { web: { ...web("broken"), pin: true } } }),
    teardown("teardown-broken"),
  ],
};

/** Every control; each begins with a store that holds the recipe's images. */
export const controls = {
  noAuth: control(
    "control-no-auth",
    "a deploy without registry auth",
    ["PC2.1"],
    [deploy("deploy-no-auth", "cached", { registryAuth: false }), teardown("teardown-no-auth")],
  ),
  pruneF: control(
    "control-prune-f",
    "docker image prune -f",
    ["PC1.1", "PC2.2", "PC2.4", "PC3.1"],
    [
      prune("prune-f", policies.pruneF),
      deploy("redeploy-after-prune-f", "cached"),
      teardown("teardown-prune-f"),
    ],
  ),
  pruneAf: control(
    "control-prune-af",
    "docker image prune -af",
    ["PC1.1", "PC2.2", "PC2.4", "PC3.1", "PC3.3"],
    [
      prune("prune-af", policies.pruneAf),
      deploy("redeploy-after-prune-af", "cached"),
      teardown("teardown-prune-af"),
    ],
  ),
  removeImages: control(
    "control-teardown-images",
    "a teardown that removes images",
    ["PC1.4", "PC2.2"],
    [deploy("deploy-before-removal", "cached"), teardown("teardown-with-images", true)],
  ),
};

/** The control of reboots. No other scenario comes after it on its host. */
export const volatileStore: Scenario = control(
  "control-volatile-store",
  "a store in memory, and a reboot",
  ["PC2.3"],
  [
    { id: "volatile-store", do: "volatile-store" },
    { id: "pull-base-again", do: "pull", image: "pullproof/base:1.0.0" },
    { id: "reboot", do: "restart", manner: "reboot" },
  ],
);

function control(id: string, title: string, claims: ClaimId[], steps: Step[]): Scenario {
  return { id, title, claims, control: true, steps };
}

/** Every scenario of a default run. */
export function defaultPlan(policy: Policy = policies.reference): Scenario[] {
  return [chain(policy), timing(), newDigest, brokenImage, ...Object.values(controls)];
}
