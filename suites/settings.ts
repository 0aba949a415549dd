import type { DeployStep, ImageVariant, Policy, Scenario, Step } from "../src/model/plan.ts";

/** What the suites have to know to lay out their scenarios. */
export interface SuiteSettings {
  imageStore: "graphdriver" | "containerd";
  /** Whether the operator's deploys send credentials, and pull each image by tag first. */
  registryAuth: boolean;
  /** Whether the deployer can be told to leave credentials out. */
  choosesAuth: boolean;
  prepull: boolean;
  /** How many cold and how many warm deploys are timed, the chain's first two included. */
  samples: number;
  /** The prune run to be judged. */
  policy: Policy;
  /** The policies that the controls use. */
  controls: { danglingOnly: Policy; everyUnused: Policy };
  /** An image that the operator pulled by tag and that must stay: `repository:tag`. */
  baseImage: string;
  /** The service whose image changes in G1 and breaks in G2, and its image as the recipe names it. */
  changing: { service: string; image: ImageVariant };
  /** How long the recipe may take to come up, in seconds. */
  timeoutSeconds: number;
}

/** A deploy as the run's options say, of the recipe as it is. */
export function deploy(
  settings: SuiteSettings,
  id: string,
  expect: DeployStep["expect"],
  changes: Partial<DeployStep> = {},
): DeployStep {
  return {
    id,
    do: "deploy",
    expect,
    registryAuth: settings.registryAuth,
    prepull: settings.prepull,
    images: {},
    timeoutSeconds: settings.timeoutSeconds,
    sample: false,
    ...changes,
  };
}

export const teardown = (id: string): Step => ({ id, do: "teardown", removeImages: false });

/** Makes a suite out of what it says of itself. */
export function suite(
  id: string,
  title: string,
  claims: Scenario["claims"],
  steps: readonly Step[],
): Scenario {
  return { id, title, claims, control: false, steps: [...steps] };
}
