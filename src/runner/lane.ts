import { setTimeout as wait } from "node:timers/promises";
import type { App, Deployer, Outcome } from "../deploy/deployer.ts";
import { plainOutcome } from "../deploy/deployer.ts";
import type { Hub } from "../hub/hub.ts";
import type { Body, Kind } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import type { ImageVariant, Scenario, Step } from "../model/plan.ts";
import { observeBoundary } from "../witness/boundary.ts";
import { engineFacts, pullPath, swarmNodes } from "../witness/environment.ts";
import { EventStream } from "../witness/events.ts";
import type { Journal, Place } from "./journal.ts";
import { type Lab, labInterface } from "./lab.ts";
import type { Progress } from "./progress.ts";
import { carryOut, type StepContext } from "./steps.ts";

export interface LaneOptions {
  lab: Lab;
  deployer: Deployer;
  app: App;
  journal: Journal;
  progress: Progress;
  /** What the environment entry tells beyond what the host says of itself. */
  setting: Pick<Body<"environment">, "deployer" | "controller"> & {
    hub: Omit<Body<"environment">["hub"], "registry">;
  };
  /** Fixture folder of each repository. */
  fixtures: Record<string, string>;
}

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
    const { host } = options.lab;
    this.#place = { host: host.name, scenario: null, step: null, boot: null };
    this.#events = new EventStream(host.docker, (event) => this.#append("event", "events", event));
  }

  /** Records what the lane runs on, and publishes the images that its scenarios begin with. */
  async prepare(images: readonly ImageVariant[]): Promise<void> {
    const { lab, setting } = this.#options;
    const { host, hub } = lab;
    const engine = await engineFacts(host.docker);
    this.#dataRoot = engine.dataRoot;
    this.#append("environment", "host", {
      engine,
      swarmNodes: await swarmNodes(host.docker),
      recipeImages: this.#options.app.recipe.images,
      pullPath: await pullPath(host),
      ...setting,
      hub: { registry: await hub.registryVersion(), ...setting.hub },
    });
    for (const image of images) await this.#publish(image);
    await this.#events.open();
    await this.#drainHub();
    await this.#observe();
  }

  async run(scenarios: readonly Scenario[], signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    for (const scenario of scenarios) {
      for (const step of scenario.steps) {
        signal.throwIfAborted();
        await this.#step(scenario, step, signal);
      }
      this.#options.lab.hub.front.setFaults([]);
    }
  }

  /** Stops watching. */
  close(): void {
    this.#events.close();
  }

  async #step(scenario: Scenario, step: Step, signal: AbortSignal): Promise<void> {
    const { journal, progress, lab } = this.#options;
    this.#place = { ...this.#place, scenario: scenario.id, step: step.id };
    this.#append("invoke", "runner", step);
    const done = progress.begin(`${lab.host.name}: ${scenario.id}/${step.id}`);
    const begun = performance.now();
    // An engine that is told to stop waits five seconds for clients that hold a stream open.
    if (step.do === "restart") this.#events.close();
    const outcome = await this.#outcome(step);
    const seconds = (performance.now() - begun) / 1000;
    await this.#drainHub();
    this.#append("outcome", "runner", { ...outcome, seconds });
    if (step.do === "restart") await this.#reopenEvents();
    await this.#observe();
    // A step may have restarted the engine, which the fence of that step has told; the next one is watched again.
    if (this.#events.ended !== null) await this.#reopenEvents();
    if (signal.aborted) return;
    journal.sync();
    done(`${outcome.status}${outcome.message === null ? "" : `: ${outcome.message}`}`);
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
  async #outcome(step: Step): Promise<Outcome> {
    const { lab, deployer, app } = this.#options;
    const context: StepContext = {
      host: lab.host,
      hub: lab.hub,
      deployer,
      app,
      interfaceName: labInterface,
      dataRoot: this.#dataRoot,
      bytesPerSecond: this.#options.setting.hub.bytesPerSecond,
      publish: (image) => this.#publish(image),
      published: this.#published,
      witnessed: (activity) => this.#append("activity", "runner", activity),
    };
    try {
      return await carryOut(context, step);
    } catch (thrown) {
      return plainOutcome("info", messageOf(thrown));
    }
  }

  async #publish(image: ImageVariant): Promise<void> {
    const folder = this.#options.fixtures[image.repository];
    if (folder === undefined) throw new Error(`no fixture image is published as ${image.repository}`);
    const stored = await this.#options.lab.hub.publish(folder, image);
    this.#published.push(stored);
    this.#append("published", "hub", stored);
  }

  /** Every request that has reached the hub so far belongs to the step that is running. */
  async #drainHub(): Promise<void> {
    const hub: Hub = this.#options.lab.hub;
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
    const { lab } = this.#options;
    await observeBoundary(
      {
        host: lab.host,
        interfaceName: labInterface,
        dataRoot: this.#dataRoot,
        events: this.#events,
        rateLimit: lab.rateLimit,
      },
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
