import type { HostKind } from "../src/host/host.ts";
import {
  type DeployStep,
  type ImageVariant,
  type InterruptionName,
  interruptions,
  type OutageName,
  outages,
  type Scenario,
  type Step,
} from "../src/model/plan.ts";
import { release } from "./pc1-pressure.ts";
import { deploy, type SuiteSettings, suite, teardown } from "./settings.ts";

/** What happens in the middle of the chain. */
export const faultNames = [...interruptions, "truncated-layer", ...outages] as const;
export type FaultName = (typeof faultNames)[number];

/** One fault, and what is to come of it. */
export interface FaultCase {
  /** The host that it befalls, by its name and its kind. */
  host: string;
  kind: HostKind;
  fault: FaultName;
  imageStore: SuiteSettings["imageStore"];
  /** Whether the images had been pulled by tag before; null where that makes no difference. */
  prepull: boolean | null;
  /** The expected outcome in words. In steps it is what each deploy expects. */
  expected: string;
  /** What an operator should do about it. */
  cure: string;
  scenario: Scenario;
}

/** A host, and the step by which it is as new before each fault. */
interface Place extends Pick<FaultCase, "host" | "kind"> {
  fresh: Step;
  settings: SuiteSettings;
}

/** How long a deploy that cannot succeed is watched, in seconds: swarm tries again every second. */
const patience = 20;

/** How long an app may take to come up on an emulated machine, in seconds: half a minute at rest, minutes among others. */
const emulatedSeconds = 300;

/** What befalls a lab host. Its data root has to be small: it is filled to the last byte. */
export function labFaults(settings: SuiteSettings): FaultCase[] {
  const fresh: Step = { id: "reset", do: "reset" };
  const lab: Place = { host: settings.imageStore, kind: "lab", fresh, settings };
  return [
    interruption(lab, "engine-kill"),
    interruption(lab, "full-disk", [{ id: "empty", do: "fill", share: 0 }]),
    truncation(lab),
    ...outages.flatMap((name) => [false, true].map((prepull) => outage(lab, name, prepull))),
  ];
}

/** What befalls a virtual machine: the power cut that a lab, which has no kernel of its own, cannot have. */
export function vmFaults(settings: SuiteSettings): FaultCase[] {
  const fresh: Step = { id: "evict", do: "evict" };
  const slow = { ...settings, timeoutSeconds: Math.max(settings.timeoutSeconds, emulatedSeconds) };
  const vm: Place = { host: "vm", kind: "vm", fresh, settings: slow };
  return [interruption(vm, "power-cut"), interruption(vm, "engine-kill")];
}

const again = "deploy again as soon as the engine answers; nothing has to be removed by hand";

const interruptionCures: Record<InterruptionName, string> = {
  "engine-kill": again,
  "full-disk":
    "free space first, for instance with `pullproof prune --apply`, and deploy again; watch the disk, because a pull that fails by itself keeps not even the layers that had come whole",
  "power-cut": again,
};

/** A cold pull that is cut short, and then the deploy of that image. */
function interruption(place: Place, by: InterruptionName, mend: readonly Step[] = []): FaultCase {
  const image = release(by);
  const about = {
    fault: by,
    prepull: null,
    expected: "the pull fails, the engine answers again, and the redeploy comes up",
    cure: interruptionCures[by],
  };
  return faultCase(place, about, [
    { id: "interrupt", do: "interrupt", by, pulls: image },
    ...mend,
    deploy(place.settings, "redeploy", "cold", withApp(image)),
    teardown("teardown"),
  ]);
}

/** A layer that never comes whole in one answer. */
function truncation(place: Place): FaultCase {
  const image = release("truncated");
  const about = {
    fault: "truncated-layer",
    prepull: null,
    expected: "the pull goes on where it was cut off, the deploy comes up, and the next one fetches no layer",
    cure: "nothing: the engine asks for the rest by itself and checks the digest of the whole; only a line that is cut again and again needs mending",
  } as const;
  return faultCase(place, about, [
    { id: "truncate", do: "fault", fault: "truncated-layer", image },
    deploy(place.settings, "deploy-truncated", "cold", withApp(image)),
    teardown("teardown-1"),
    { id: "lift", do: "lift-faults" },
    deploy(place.settings, "redeploy", "cached", withApp(image)),
    teardown("teardown-2"),
  ]);
}

const pullByTag =
  "pull by tag before deploying (--prepull) while the hub still answers, and let a deploy go on when a later pull is refused; until then wait for the hub";

/** By outage: what it comes to without a tag, and the cure. With one, each redeploy comes up. */
const untagged: Record<OutageName, { expect: DeployStep["expect"]; expected: string; cure: string }> = {
  down: {
    expect: "refused",
    expected: "the redeploy fails although every layer is local, and comes up when the hub is back",
    cure: pullByTag,
  },
  "rate-limited": {
    expect: "refused",
    expected: "the redeploy fails although every layer is local, and comes up when the hub answers again",
    cure: `${pullByTag}, and ask it less often`,
  },
  "spent-budget": {
    expect: "cached",
    expected: "the redeploy comes up, because the HEAD that checks a tag costs no budget",
    cure: "nothing for what is cached; an image that is not cannot come until the window is over, so spend less of the budget: deploy with registry auth, and prune less",
  },
};

/** A warm redeploy while the hub is of no use, and another when it is back. */
function outage(place: Place, fault: OutageName, prepull: boolean): FaultCase {
  const { settings } = place;
  const about = prepull
    ? {
        expect: "cached" as const,
        expected: "the redeploy comes up from the local tags, and fetches no layer",
        cure: "nothing, as long as the tags stay; a new release cannot come until the hub answers",
      }
    : untagged[fault];
  return faultCase(place, { fault, prepull, expected: about.expected, cure: about.cure }, [
    deploy(settings, "deploy", "cold", { prepull }),
    teardown("teardown-1"),
    { id: "outage", do: "outage", outage: fault },
    // A prepull now would be refused like the deploy itself: what counts is the one before.
    deploy(settings, "redeploy", about.expect, { prepull: false, timeoutSeconds: patience }),
    teardown("teardown-2"),
    { id: "lift", do: "lift-faults" },
    deploy(settings, "redeploy-after", "cached", { prepull: false }),
    teardown("teardown-3"),
  ]);
}

const withApp = (image: ImageVariant): Partial<DeployStep> => ({
  prepull: false,
  images: { app: { ...image, pin: false } },
});

function faultCase(
  { host, kind, fresh, settings: { imageStore } }: Place,
  about: Pick<FaultCase, "fault" | "prepull" | "expected" | "cure">,
  steps: readonly Step[],
): FaultCase {
  const { fault, prepull, expected } = about;
  const id = [fault, ...(prepull === true ? ["prepull"] : []), "on", host].join("-");
  const scenario = suite(id, `${fault}: ${expected}`, [], [fresh, ...steps]);
  return { host, kind, imageStore, ...about, scenario };
}
