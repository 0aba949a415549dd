import { setTimeout as wait } from "node:timers/promises";
import type { App, Deployer, Outcome } from "../deploy/deployer.ts";
import { plainOutcome } from "../deploy/deployer.ts";
import type { Host, Restarted } from "../host/host.ts";
import { HostAway } from "../host/reboot.ts";
import type { Hub } from "../hub/hub.ts";
import type { Body, Entry, EntryOf, Kind } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import { ownServices } from "../model/own-services.ts";
import type { ImageVariant, Scenario, Step } from "../model/plan.ts";
import { observeBoundary } from "../witness/boundary.ts";
import { engineFacts, pullPath, swarmNodes } from "../witness/environment.ts";
import { EventStream } from "../witness/events.ts";
import type { RateLimitOptions } from "../witness/rate-limit.ts";
import type { Journal, Place } from "./journal.ts";
import type { Progress } from "./progress.ts";
import { cameBack, carryOut, type StepContext } from "./steps.ts";

/** The host that a lane runs on, and what is known of its surroundings. */
export interface Site {
  host: Host;
  /** Null for a live host, which pulls from Docker Hub itself. */
  hub: Hub | null;
  rateLimit: RateLimitOptions;
  /** The interface through which the host reaches docker.io. */
  interfaceName: string;
  /** The engine's units whose received bytes systemd counts. */
  accountedUnits: readonly string[];
  /** What a virtual machine is run by; null for any other host. */
  accelerator: string | null;
}

/** What the environment entry tells of a hub beyond what the registry says of itself. */
export type HubSetting = Omit<NonNullable<Body<"environment">["hub"]>, "registry">;

/** What a run that was made resumable is told as soon as nobody has to go on with it. */
export type Settled = () => unknown;

export interface LaneOptions {
  site: Site;
  deployer: Deployer;
  app: App;
  journal: Journal;
  progress: Progress;
  /** What the environment entry tells beyond what the host says of itself. */
  setting: Pick<Body<"environment">, "deployer" | "controller" | "address" | "stack"> & {
    hub: HubSetting | null;
  };
  /** Images that a registry has which is not the run's own. */
  known?: readonly Body<"published">[];
  /** Fixture folder of each repository. */
  fixtures: Record<string, string>;
  /**
   * Lets the run be resumed, with what is left of the plan and beginning with the step that is under way, if the
   * controller is killed before the function that is returned is called. Left out where nobody can.
   */
  resumable?: ((left: Scenario[]) => Promise<Settled>) | undefined;
}

/** What a killed controller left of a lane whose host started anew. */
export interface Interrupted {
  /** The evidence so far. */
  earlier: readonly Entry[];
  /** What is left of the plan, beginning with the step that was under way. */
  left: readonly Scenario[];
  /** How the host came back. */
  restarted: Restarted;
}

/** What the outcome of a step says that began in another process. */
const resumedNote =
  "resumed: the controller was killed during this step, and another went on from the evidence";

/** How long requests may stay under way after a step; the fixture's largest layer takes seconds. */
const idleMs = 60_000;

/** Runs scenarios on one host, one step after the other, and writes down everything that its witnesses see. */
export class Lane {
  readonly #options: LaneOptions;
  readonly #events: EventStream;
  readonly #published: Body<"published">[] = [];
  #place: Place;
  #requests = 0;
  #signal: AbortSignal | undefined;
  #dataRoot = "";

  constructor(options: LaneOptions) {
    this.#options = options;
    const { host } = options.site;
    this.#place = { host: host.name, scenario: null, step: null, boot: null };
    this.#events = new EventStream(host.docker, (event) => this.#append("event", "events", event));
  }

  /** Records what the lane runs on, and publishes the images that its scenarios begin with. */
  async prepare(images: readonly ImageVariant[]): Promise<void> {
    const { site, setting, known = [] } = this.#options;
    const { host, hub, accelerator } = site;
    const engine = await engineFacts(host.docker);
    this.#dataRoot = engine.dataRoot;
    this.#append("environment", "host", {
      engine,
      swarmNodes: await swarmNodes(host.docker),
      recipeImages: this.#options.app.recipe.images,
      pullPath: await pullPath(host),
      ...(accelerator === null ? {} : { accelerator }),
      ...setting,
      hub:
        hub === null || setting.hub === null
          ? null
          : { registry: await hub.registryVersion(), ...setting.hub },
    });
    for (const image of known) this.#append("published", "registry", image);
    for (const image of images) await this.#publish(image);
    await this.#events.open();
    await this.#drainHub();
    await this.#observe();
  }

  async run(scenarios: readonly Scenario[], signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const [index, scenario] of scenarios.entries()) {
      for (const [at, step] of scenario.steps.entries()) {
        signal.throwIfAborted();
        const left = [{ ...scenario, steps: scenario.steps.slice(at) }, ...scenarios.slice(index + 1)];
        await this.#step(step, left, signal);
      }
      this.#options.site.hub?.front.setFaults([]);
    }
  }

  /**
   * Goes on where a controller was killed while this host started anew: takes up what it wrote, gives the step that
   * was under way its outcome, and runs what is left of the plan. `settled` is called when that outcome is known.
   */
  async resume(
    { earlier, left, restarted }: Interrupted,
    settled: Settled,
    signal: AbortSignal,
  ): Promise<void> {
    this.#signal = signal;
    const [open, ...rest] = left;
    const [step, ...steps] = open?.steps ?? [];
    const invoke = this.#takeUp(earlier);
    if (open === undefined || step === undefined) throw new Error("there is no step to go on with");
    const seen = earlier.findLast((entry) => entry.kind === "uses" && entry.host === invoke.host);
    const { progress, setting, site } = this.#options;
    const ran = seen?.kind === "uses" && ownServices(seen.data, setting.stack).length > 0;
    const done = progress.begin(`${site.host.name}: ${open.id}/${step.id}`);
    const outcome = await this.#outcome((context) => cameBack(context, ran, restarted));
    const seconds = (Date.now() - Date.parse(invoke.wall)) / 1000;
    const output = [resumedNote, ...(outcome.output === null ? [] : [outcome.output])].join("; ");
    this.#tellLost();
    await this.#end(step, { ...outcome, output, seconds }, settled);
    if (!signal.aborted) done(outcome.status);
    await this.run([{ ...open, steps }, ...rest], signal);
  }

  /** Stops watching. */
  close(): void {
    this.#events.close();
  }

  async #step(step: Step, left: Scenario[], signal: AbortSignal): Promise<void> {
    const { journal, progress, site, resumable } = this.#options;
    const scenario = left[0]?.id ?? null;
    this.#place = { ...this.#place, scenario, step: step.id };
    this.#append("invoke", "runner", step);
    const done = progress.begin(`${site.host.name}: ${scenario}/${step.id}`);
    const begun = performance.now();
    // An engine that is told to stop waits five seconds for clients that hold a stream open.
    if (stopsEngine(step)) this.#events.close();
    // Whoever is killed while the host is down finds here what was going on.
    if (step.do === "restart") journal.sync();
    const settled = rebootsMachine(step) ? await resumable?.(left) : undefined;
    const outcome = await this.#outcome((context) => carryOut(context, step));
    const seconds = (performance.now() - begun) / 1000;
    await this.#end(step, { ...outcome, seconds }, settled);
    if (signal.aborted) return;
    done(`${outcome.status}${outcome.message === null ? "" : `: ${outcome.message}`}`);
  }

  /** Writes down how a step ended, and what every witness sees. */
  async #end(step: Step, outcome: Body<"outcome">, settled?: Settled): Promise<void> {
    await this.#drainHub();
    // Before the outcome is written: nobody may go on with a step that has one.
    await settled?.();
    this.#append("outcome", "runner", outcome);
    if (stopsEngine(step)) await this.#reopenEvents();
    await this.#observe();
    // A step may have restarted the engine, which the fence of that step has told; the next one is watched again.
    if (this.#events.ended !== null) await this.#reopenEvents();
    if (!this.#signal?.aborted) this.#options.journal.sync();
  }

  /** Knows again what the killed controller knew of this host. Returns the beginning of the step that it was at. */
  #takeUp(earlier: readonly Entry[]): EntryOf<"invoke"> {
    const own = earlier.filter(({ host }) => host === this.#place.host);
    let open: EntryOf<"invoke"> | undefined;
    for (const entry of own) {
      if (entry.kind === "environment") this.#dataRoot = entry.data.engine.dataRoot;
      else if (entry.kind === "published") this.#published.push(entry.data);
      else if (entry.kind === "request") this.#requests += 1;
      else if (entry.kind === "clock") this.#place = { ...this.#place, boot: entry.data.bootId };
      else if (entry.kind === "invoke") open = entry;
    }
    if (open === undefined) throw new Error("there is no step to go on with");
    this.#place = { ...this.#place, scenario: open.scenario, step: open.step };
    return open;
  }

  /** What a request moved whose answer ended with the controller is unknown. */
  #tellLost(): void {
    const lost = this.#options.site.hub?.front.ledger.lost ?? [];
    if (lost.length === 0) return;
    const reason = `the controller was killed before it had answered requests in full: ${lost.join(", ")}`;
    this.#append("gap", "hub", { witness: "hub", reason });
  }

  /** A host that did not come back is told by its outcome and by every other witness; this one is just missing. */
  async #reopenEvents(): Promise<void> {
    try {
      await this.#events.open();
    } catch (thrown) {
      this.#append("gap", "events", { witness: "events", reason: messageOf(thrown) });
    }
  }

  /** An error in the middle of a step leaves its outcome unknown: it may have taken effect or not. */
  async #outcome(act: (context: StepContext) => Promise<Outcome>): Promise<Outcome> {
    const { site, deployer, app, setting } = this.#options;
    const context: StepContext = {
      host: site.host,
      get hub() {
        return ownHub(site);
      },
      deployer,
      app,
      interfaceName: site.interfaceName,
      dataRoot: this.#dataRoot,
      bytesPerSecond: setting.hub?.bytesPerSecond ?? null,
      publish: (image) => this.#publish(image),
      published: this.#published,
      witnessed: (activity) => this.#append("activity", "runner", activity),
    };
    try {
      return await act(context);
    } catch (thrown) {
      // Whoever goes on with the run gives the step its outcome.
      if (thrown instanceof HostAway) throw thrown;
      return plainOutcome("info", messageOf(thrown));
    }
  }

  async #publish(image: ImageVariant): Promise<void> {
    const folder = this.#options.fixtures[image.repository];
    if (folder === undefined) throw new Error(`no fixture image is published as ${image.repository}`);
    const stored = await ownHub(this.#options.site).publish(folder, image);
    this.#published.push(stored);
    this.#append("published", "hub", stored);
  }

  /** Every request that has reached the hub so far belongs to the step that is running. */
  async #drainHub(): Promise<void> {
    const { hub } = this.#options.site;
    if (hub === null) return;
    const idle = hub.front.idle().then(() => true);
    if (!(await Promise.race([idle, wait(idleMs, false, { ref: false })]))) {
      const reason = `requests were still under way after ${idleMs / 1000} s`;
      this.#append("gap", "hub", { witness: "hub", reason });
    }
    const entries = hub.front.ledger.since(this.#requests);
    for (const entry of entries) this.#append("request", "hub", entry);
    this.#requests += entries.length;
  }

  async #observe(): Promise<void> {
    const { site } = this.#options;
    await observeBoundary(
      { ...site, dataRoot: this.#dataRoot, events: this.#events },
      (kind, source, data) => {
        if (kind === "clock") this.#place = { ...this.#place, boot: (data as Body<"clock">).bootId };
        this.#append(kind, source, data);
      },
    );
  }

  #append<K extends Kind>(kind: K, source: string, data: Body<K>): void {
    // What is seen after an interruption is what the removal of the lab does, and not the host's doing.
    if (this.#signal?.aborted) return;
    this.#options.journal.append(kind, source, this.#place, data);
  }
}

/** The run's own hub. Throws where the registry is somebody else's: a plan for a live host has no step that needs one. */
function ownHub({ hub }: Site): Hub {
  if (hub === null) throw new Error("a live host has no hub that could be told anything");
  return hub;
}

/** Only a machine knows these manners; while it starts anew, what it takes to go on outlives the controller. */
function rebootsMachine(step: Step): boolean {
  return step.do === "restart" && step.manner !== "restart";
}

function stopsEngine(step: Step): boolean {
  return step.do === "restart" || step.do === "volatile-store";
}
