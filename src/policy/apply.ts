import { nameOf } from "../check/store.ts";
import { formatBytes } from "../check/units.ts";
import type { PruneSettings } from "../config/prune-settings.ts";
import type { StoredImage } from "../model/evidence.ts";
import { messageOf } from "../model/failure.ts";
import type { FileSystem } from "../model/pressure.ts";
import { inspectImage } from "../witness/images.ts";
import { pruneBuildCache } from "./build-cache.ts";
import { busyReason } from "./busy.ts";
import { replay } from "./catch-up.ts";
import { type StoppedContainer, stoppedContainer } from "./containers.ts";
import { engineFailure, engineWasLost, engineWords, type LocalEngine } from "./engine.ts";
import type { Look, Surroundings } from "./look.ts";
import { pressureOf } from "./marks.ts";
import type { Decision, HostState, UseRecord } from "./model.ts";
import { decide } from "./plan.ts";
import { fold } from "./record.ts";
import { removeImage } from "./remove.ts";
import type { Survey } from "./survey.ts";

/** Something that was removed. */
export interface Removed {
  id: string;
  name: string;
  /** What the disk had more to give afterwards, in bytes, as statfs tells. */
  freedBytes: number;
}

/** Something that was planned to go and stayed. */
export interface Skipped {
  id: string;
  name: string;
  reason: string;
}

/** How a prune run was carried out. */
export interface Applied {
  containers: { removed: Removed[]; skipped: Skipped[] };
  /** Bytes that the engine says the build cache gave up; null where it was not asked. */
  buildCacheBytes: number | null;
  images: { removed: Removed[]; skipped: Skipped[] };
  /** Images that the plan would remove, by best name, and that the run did not come to. */
  left: string[];
  /** Why the run stopped before its time: the host became busy. Null when it did not. */
  busy: string | null;
  /** What went wrong, and ended the run; null when nothing did. */
  failure: string | null;
  /** What was being removed as the engine went away: whether it is gone is not known. Null in any other case. */
  unknown: string | null;
  /** The disk at the end; null when it could not be looked at any more. */
  disk: FileSystem | null;
  /** Whether the disk is below the low mark. */
  reached: boolean;
}

/** What a prune run acts on. The run lock is the caller's to hold. */
export interface ApplyContext {
  engine: LocalEngine;
  look: Look;
  survey: Survey;
  settings: Pick<PruneSettings, "containers" | "buildCache">;
  clock(): number;
  /** Tells of each removal as it happens. */
  say(text: string): void;
}

/**
 * Carries a plan out: opted-in stopped containers, then opted-in build cache, then images in the plan's order,
 * down to the low mark and no further. Before each of them it looks at the host again. Throws nothing: what goes
 * wrong ends the run and is told in the result.
 */
export async function apply(context: ApplyContext): Promise<Applied> {
  return new Run(context).carryOut();
}

class Run {
  readonly #context: ApplyContext;
  readonly #result: Applied;
  #state: HostState;
  #record: UseRecord;
  /** Up to when the engine was asked for uses. */
  #askedUntil: number;
  /** What each image is to become, by its ID, with the host as it was last seen. */
  #decisions: Map<string, Decision>;

  constructor(context: ApplyContext) {
    const { plan, state, record, now } = context.survey;
    this.#context = context;
    this.#state = state;
    this.#record = record;
    this.#askedUntil = now;
    this.#decisions = byId(plan.decisions);
    this.#result = {
      containers: { removed: [], skipped: [] },
      buildCacheBytes: null,
      images: { removed: [], skipped: [] },
      left: [],
      busy: null,
      failure: null,
      unknown: null,
      disk: state.disk,
      reached: false,
    };
  }

  async carryOut(): Promise<Applied> {
    const result = this.#result;
    try {
      await this.#containers();
      await this.#buildCache();
      await this.#images();
    } catch (thrown) {
      result.failure = messageOf(engineFailure(thrown));
      result.disk = await this.#context.look.disk().catch(() => null);
    }
    const { removed, skipped } = result.images;
    const dealtWith = new Set([...removed, ...skipped].map(({ id }) => id));
    result.left = this.#context.survey.plan.decisions
      .filter(({ does, image }) => does === "remove" && !dealtWith.has(image.id))
      .map(({ image }) => nameOf(image))
      .filter((name) => name !== result.unknown);
    return result;
  }

  async #containers(): Promise<void> {
    for (const container of this.#context.survey.containers) {
      if (!(await this.#mayGoOn())) return;
      const reason = await this.#recheckContainer(container);
      await this.#remove(this.#result.containers, container, reason, async () => {
        try {
          // Unforced, and without its volumes: both are how the engine does it unless it is told otherwise.
          await this.#context.engine.docker.getContainer(container.id).remove();
          return null;
        } catch (thrown) {
          if (![404, 409].includes((thrown as { statusCode?: number }).statusCode ?? 0)) throw thrown;
          return `the engine says: ${engineWords(thrown)}`;
        }
      });
    }
  }

  async #recheckContainer({ id }: StoppedContainer): Promise<string | null> {
    const { engine, settings, clock } = this.#context;
    const now = await stoppedContainer(engine.docker, id);
    if (now === null) return "it was started again, or is gone";
    return clock() - now.endedAt < (settings.containers?.minAge ?? 0) ? "it ran meanwhile" : null;
  }

  async #buildCache(): Promise<void> {
    const { engine, settings, say } = this.#context;
    if (settings.buildCache === null || !(await this.#mayGoOn())) return;
    const bytes = await pruneBuildCache(engine.docker, settings.buildCache.minAge);
    this.#result.buildCacheBytes = bytes;
    say(`the engine's build cache gave up ${formatBytes(bytes)}`);
    await this.#measure();
  }

  async #images(): Promise<void> {
    const { engine, survey } = this.#context;
    const images = new Map(survey.state.images.map((image) => [image.id, image]));
    for (const id of survey.plan.order) {
      const image = images.get(id);
      if (image === undefined) throw new Error(`the plan removes ${id}, which is not there`);
      if (!(await this.#mayGoOn())) return;
      const thing = { id, name: nameOf(image) };
      const gone = await this.#remove(this.#result.images, thing, await this.#recheckImage(image), () =>
        removeImage(engine.docker, image),
      );
      if (gone) this.#state = { ...this.#state, images: this.#state.images.filter((one) => one.id !== id) };
    }
  }

  /** Looks at the host again. The run ends when enough is free, and while the host is busy. */
  async #mayGoOn(): Promise<boolean> {
    const around = await this.#context.look.surroundings();
    const changed = usesOf(around) !== usesOf(this.#state);
    this.#state = { ...this.#state, ...around };
    if (changed) this.#decideAgain();
    this.#note(around.disk);
    this.#result.busy = this.#result.reached ? null : busyReason(around);
    return !this.#result.reached && this.#result.busy === null;
  }

  /** Why an image must not go any more; null when it still may. */
  async #recheckImage(planned: StoredImage): Promise<string | null> {
    const { engine, clock } = this.#context;
    const image = await inspectImage(engine.docker, planned.id);
    if (image === null) return "it is gone already";
    if (namesOf(image) !== namesOf(planned))
      return `its names changed meanwhile: ${namesOf(image) || "none"}`;
    const now = clock();
    const { events, gap } = await replay(engine, this.#askedUntil, now);
    this.#askedUntil = now;
    if (events.length > 0 || gap !== null) {
      const observed = { events, resolved: [], state: this.#state, now, gap: gap !== null };
      this.#record = fold(this.#record, observed);
      this.#decideAgain();
    }
    const decision = this.#decisions.get(planned.id);
    return decision?.does === "keep" ? decision.reason : null;
  }

  #decideAgain(): void {
    const { survey, clock } = this.#context;
    this.#decisions = byId(
      decide({ state: this.#state, record: this.#record, rules: survey.rules, now: clock() }),
    );
  }

  /** Removes one thing, unless there is a reason not to, and measures. Returns whether it is gone. */
  async #remove(
    results: { removed: Removed[]; skipped: Skipped[] },
    { id, name }: { id: string; name: string },
    reason: string | null,
    remove: () => Promise<string | null>,
  ): Promise<boolean> {
    const { say } = this.#context;
    const skip = (why: string) => {
      results.skipped.push({ id, name, reason: why });
      say(`kept ${name}: ${why}`);
      return false;
    };
    if (reason !== null) return skip(reason);
    const refused = await remove().catch((thrown) => {
      if (engineWasLost(thrown)) this.#result.unknown = name;
      throw thrown;
    });
    if (refused !== null) return skip(refused);
    const freedBytes = await this.#measure();
    results.removed.push({ id, name, freedBytes });
    say(`removed ${name}: ${formatBytes(freedBytes)} freed`);
    return true;
  }

  /** Looks at the disk, and returns how many bytes it has more to give than when it was last looked at. */
  async #measure(): Promise<number> {
    const before = this.#state.disk;
    const disk = await this.#context.look.disk();
    this.#state = { ...this.#state, disk };
    this.#note(disk);
    return Math.max(0, before.usedBytes - disk.usedBytes);
  }

  #note(disk: FileSystem): void {
    this.#result.disk = disk;
    this.#result.reached = !pressureOf(disk, this.#context.survey.rules.marks).aboveLow;
  }
}

function byId(decisions: readonly Decision[]): Map<string, Decision> {
  return new Map(decisions.map((decision) => [decision.image.id, decision]));
}

/** What protects images for being used, as a text that changes when that does. */
function usesOf({ containers, services }: Surroundings): string {
  return JSON.stringify([
    containers.map(({ imageId, image }) => [imageId, image]),
    services.map(({ image, previousImage }) => [image, previousImage]),
  ]);
}

function namesOf({ tags, digests }: StoredImage): string {
  return [...tags, ...digests].join(", ");
}
