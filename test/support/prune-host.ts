import { existsSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { loadPruneSettings, type PruneSettings } from "../../src/config/prune-settings.ts";
import type { StoredImage } from "../../src/model/evidence.ts";
import type { FileSystem } from "../../src/model/pressure.ts";
import { type LocalEngine, openLocalEngine } from "../../src/policy/engine.ts";
import { Look } from "../../src/policy/look.ts";
import type { UseRecord } from "../../src/policy/model.ts";
import { parseRecord } from "../../src/policy/record.ts";
import { statePath } from "../../src/policy/state-file.ts";
import { EngineDouble, type EngineEvent, type EngineRequest } from "./engine-double.ts";
import { tempFolder } from "./temp.ts";

const day = 86_400_000;

/** Marks that every disk is above, and that no removal gets below. Sizes say nothing of inodes. */
export const underPressure = { high: "2B", low: "1B" };
/** Marks that no disk is above that has a byte left. */
export const atRest = { high: "100%", low: "99%" };

/** A host to prune: an engine double, and a data root, a state folder and settings that are real files. */
export class PruneHost {
  readonly engine: EngineDouble;
  readonly dataRoot: string;
  readonly stateDir: string;
  /** The file with the settings. */
  readonly config: string;
  /** The engine's file, which tells by its time when the engine was started. */
  readonly pidFile: string;

  private constructor(engine: EngineDouble, folder: string) {
    this.engine = engine;
    this.dataRoot = join(folder, "data");
    this.stateDir = join(folder, "state");
    this.config = join(folder, "prune.yaml");
    this.pidFile = engine.socket.replace(/sock$/, "pid");
  }

  /** A host whose engine has been running for ever, with some images. Each layer has 100 bytes. */
  static async with(images: readonly StoredImage[], settings: object = {}): Promise<PruneHost> {
    const host = new PruneHost(await EngineDouble.listen(), tempFolder());
    mkdirSync(host.dataRoot);
    mkdirSync(host.stateDir);
    host.engine.info = { ID: "E", DockerRootDir: host.dataRoot, Swarm: { LocalNodeState: "inactive" } };
    host.engine.images = images.map(({ id, tags, digests, layers, bytes }) => ({
      Id: id,
      RepoTags: tags,
      RepoDigests: digests,
      Size: bytes,
      Layers: layers,
      History: layers.map(() => 100),
    }));
    writeFileSync(host.pidFile, "1");
    host.startedAt(0);
    host.configure(settings);
    return host;
  }

  /** DOCKER_HOST as leads to the engine double. */
  get env(): { DOCKER_HOST: string } {
    return { DOCKER_HOST: `unix://${this.engine.socket}` };
  }

  /** When the engine says that it was started. */
  startedAt(time: number): void {
    utimesSync(this.pidFile, time / 1000, time / 1000);
  }

  configure(settings: object): void {
    writeFileSync(this.config, stringify({ stateDir: this.stateDir, abraDir: null, ...settings }));
  }

  get settings(): PruneSettings {
    return loadPruneSettings(this.config);
  }

  /** The engine manages a swarm. */
  manageSwarm(): void {
    this.engine.info = {
      ...this.engine.info,
      Swarm: { LocalNodeState: "active", ControlAvailable: true },
    };
  }

  open(): Promise<LocalEngine> {
    return openLocalEngine(this.env);
  }

  /** Looks at the host on a disk of a thousand bytes: so many, and a hundred for each layer that is stored. */
  look(engine: LocalEngine, ballast: number): Look {
    const disk = async (): Promise<FileSystem> => ({
      totalBytes: 1000,
      usedBytes: ballast + 100 * new Set(this.engine.images.flatMap(({ Layers = [] }) => Layers)).size,
      totalInodes: 1000,
      usedInodes: 0,
    });
    return new Look(engine, { disk });
  }

  /** Writes the record of a host that was watched for two months, up to a time. By default every image is old. */
  remember(until: number, unusedDays: Record<string, number> = {}): UseRecord {
    const uses = this.engine.images.map(({ Id }) => {
      const at = until - (unusedDays[Id] ?? 30) * day;
      return [Id, { firstSeen: at, lastUse: at }];
    });
    const record: UseRecord = {
      version: 1,
      engine: "E",
      since: until - 60 * day,
      until,
      images: Object.fromEntries(uses),
      resolved: {},
    };
    writeFileSync(statePath(this.stateDir), JSON.stringify(record));
    return record;
  }

  /** The record that the state file holds; null where there is no file. */
  get recorded(): UseRecord | null {
    const path = statePath(this.stateDir);
    return existsSync(path) ? parseRecord(readFileSync(path, "utf8")) : null;
  }

  /** Every request that changed something, or could have. */
  get changes(): EngineRequest[] {
    return this.engine.calls.filter(({ method }) => method !== "GET");
  }

  /** IDs and names of the images that the engine was told to remove, in order. */
  get removals(): string[] {
    return this.changes
      .filter(({ method, path }) => method === "DELETE" && path.startsWith("/images/"))
      .map(({ path }) => path.slice("/images/".length));
  }
}

/** What an engine tells of a container at a time. */
export function containerEvent(image: string, at: number, Action = "start"): EngineEvent {
  return {
    Type: "container",
    Action,
    Actor: { ID: "c1", Attributes: { image, name: "job" } },
    timeNano: at * 1e6,
  };
}

/** What an engine tells of an image at a time. */
export function imageEvent(Action: string, ID: string, at: number): EngineEvent {
  return { Type: "image", Action, Actor: { ID, Attributes: { name: "whatever" } }, timeNano: at * 1e6 };
}

/** A container as the engine lists it. */
export function listedContainer(
  ImageID: string,
  changes: { Id?: string; Image?: string; State?: string; Labels?: Record<string, string> } = {},
): {
  Id: string;
  Names: string[];
  Image: string;
  ImageID: string;
  State: string;
  Labels: Record<string, string>;
} {
  const Id = changes.Id ?? "c1";
  return { Id, Names: [`/${Id}`], Image: ImageID, ImageID, State: "running", Labels: {}, ...changes };
}

/** A service as a swarm's manager lists it. */
export function listedService(Image: string, running = 1, desired = 1): object {
  return {
    ID: "s1",
    Spec: {
      Name: "web",
      Mode: { Replicated: { Replicas: desired } },
      TaskTemplate: { ContainerSpec: { Image } },
    },
    ServiceStatus: { RunningTasks: running, DesiredTasks: desired, CompletedTasks: 0 },
  };
}
