import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { statePath } from "../../../src/policy/state-file.ts";
import { type FollowOptions, watch, watchOnce } from "../../../src/policy/watch.ts";
import { until } from "../../../src/until.ts";
import { containerEvent, imageEvent, PruneHost } from "../../support/prune-host.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { day, hour, image, now, sha } from "./hosts.ts";

const patienceMs = 5_000;
const web = image("web", ["web:1"]);
/** Up to when uses were known as the watch began. */
const before = now - 1000;

/** A clock that a test moves, a host, and a watch of it that ends with the test. */
class Stage {
  readonly host: PruneHost;
  readonly said: string[] = [];
  readonly end = new AbortController();
  time = now;

  private constructor(host: PruneHost) {
    this.host = host;
  }

  static async make(): Promise<Stage> {
    return new Stage(await PruneHost.with([web, image("idle", ["idle:1"])]));
  }

  options(changes: Partial<FollowOptions> = {}): FollowOptions {
    return {
      open: () => this.host.open(),
      stateDir: this.host.stateDir,
      now: () => this.time,
      say: (text) => this.said.push(text),
      scanMs: 10,
      retryMs: 10,
      signal: this.end.signal,
      ...changes,
    };
  }

  /** Watches; `ended` is how that ends. */
  async follow(changes: Partial<FollowOptions> = {}): Promise<{ ended: Promise<void> }> {
    const ended = watch(this.options(changes));
    ended.catch(() => {});
    onTestFinished(async () => {
      this.end.abort();
      await ended.catch(() => {});
    });
    await this.recorded("the watch listens, and has caught up", () => {
      return this.host.engine.listeners === 1 && this.host.recorded?.until === this.time;
    });
    return { ended };
  }

  async recorded(condition: string, holds: () => boolean): Promise<void> {
    await until(
      condition,
      patienceMs,
      async () => holds() || `${JSON.stringify(this.host.recorded)} ${this.said}`,
    );
  }

  /** Whether the file vouches for uses up to a time, but for what may still be on its way. */
  knows(time: number): boolean {
    const known = this.host.recorded?.until ?? 0;
    return known <= time && known > time - 60_000;
  }

  lastUse(word: string): number | undefined {
    return this.host.recorded?.images[sha(word)]?.lastUse;
  }
}

describe("watch", () => {
  it("begins with what happened while nobody watched", async () => {
    const stage = await Stage.make();
    stage.host.remember(now - hour);
    stage.host.engine.emit(imageEvent("pull", "web:1", now - 60_000));
    await stage.follow();
    await stage.recorded("the pull is recorded", () => stage.lastUse("web") === now - 60_000);
    expect(stage.said).toEqual([]);
    expect(stage.lastUse("idle")).toBe(now - hour - 30 * day);
  });

  it("records what the engine tells as it happens, and up to when it knows", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow();
    stage.host.engine.emit(containerEvent("web:1", now + 500));
    stage.time = now + hour;
    await stage.recorded("the start is recorded", () => stage.lastUse("web") === now + 500);
    await stage.recorded("the time is recorded", () => stage.knows(now + hour));
    expect(stage.host.recorded?.since).toBe(before - 60 * day);
  });

  it("writes the file before its time when more happens than a prune could learn from the engine", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow({ scanMs: 3_600_000 });
    stage.time = now + hour;
    for (let n = 0; n < 200; n += 1) stage.host.engine.emit(containerEvent("web:1", now + 500, "exec_start"));
    await stage.recorded("the file is written", () => stage.knows(now + hour));
    expect(stage.lastUse("web")).toBe(now + 500);
  });

  it("connects again when the engine closes the stream, and misses nothing if it is the same engine", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow();
    stage.time = now + 1000;
    stage.host.engine.endStreams();
    await stage.recorded("the watch came back", () => stage.said.includes("the engine is back"));
    stage.host.engine.emit(containerEvent("web:1", now + 1500));
    stage.time = now + 2000;
    await stage.recorded("a use is recorded", () => stage.lastUse("web") === now + 1500);
    expect(stage.said).toEqual([expect.stringContaining("went away"), "the engine is back"]);
    expect(stage.host.recorded?.since).toBe(before - 60 * day);
  });

  it("waits for an engine that went away, and says that there was a gap when another process is back", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow();
    await stage.host.engine.stop();
    await stage.recorded("the loss is told", () => stage.said.length > 0);
    stage.time = now + hour;
    stage.host.startedAt(now + hour - 1000);
    await stage.host.engine.start();
    await stage.recorded("ages count from the return", () => stage.host.recorded?.since === now + hour);
    expect(stage.said.at(-1)).toMatch(/missed.*started/);
  });

  it("ends when it is told to, with the file written", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    const { ended } = await stage.follow({ scanMs: 3_600_000 });
    stage.time = now + hour;
    stage.end.abort();
    await ended;
    expect(stage.knows(now + hour)).toBe(true);
  });

  it("loses no use that was still on its way when it ended", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    const { ended } = await stage.follow({ scanMs: 3_600_000 });
    stage.time = now + hour;
    // The engine remembers it, and has not told it yet.
    stage.host.engine.events.push(containerEvent("web:1", now + hour - 10));
    stage.end.abort();
    await ended;
    await watchOnce(stage.options());
    expect(stage.lastUse("web")).toBe(now + hour - 10);
    expect(stage.host.recorded?.since).toBe(before - 60 * day);
  });

  it("ends when it is told to while it waits for the engine", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    const { ended } = await stage.follow({ retryMs: 3_600_000 });
    await stage.host.engine.stop();
    await stage.recorded("the loss is told", () => stage.said.length > 0);
    stage.end.abort();
    await expect(ended).resolves.toBeUndefined();
    expect(stage.knows(now)).toBe(true);
  });

  it("does not begin without an engine", async () => {
    const stage = await Stage.make();
    await stage.host.engine.stop();
    expect(await thrownBy(() => watch(stage.options()))).toMatchObject({ exitCode: ExitCode.unavailable });
    expect(stage.host.recorded).toBeNull();
  });

  it("does not go on when the file cannot be written", async () => {
    const stage = await Stage.make();
    const file = join(tempFolder(), "file");
    writeFileSync(file, "");
    const options = stage.options({ stateDir: file });
    expect(await thrownBy(() => watch(options))).toMatchObject({ exitCode: ExitCode.unavailable });
  });

  it("lets ages count from a clock that went back, once", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow();
    stage.time = now - hour;
    await stage.recorded("ages count from then", () => stage.host.recorded?.since === now - hour);
    stage.time = now;
    await stage.recorded("the watch goes on", () => stage.knows(now));
    expect(stage.host.recorded?.since).toBe(now - hour);
    expect(stage.said).toEqual([expect.stringMatching(/missed.*clock/)]);
  });

  it("loses nothing to an event that it cannot read but the ages", async () => {
    const stage = await Stage.make();
    stage.host.remember(before);
    await stage.follow();
    stage.time = now + 1000;
    stage.host.engine.emit({ ...imageEvent("pull", "web:1", now + 500), Actor: "?" as never });
    await stage.recorded("ages count from then", () => stage.host.recorded?.since === now + 1000);
    expect(stage.said.at(-1)).toMatch(/missed.*event/);
  });
});

describe("watchOnce", () => {
  it("writes a first record, and says that ages count from now", async () => {
    const stage = await Stage.make();
    const record = await watchOnce(stage.options());
    expect(stage.host.recorded).toEqual(record);
    expect(record).toMatchObject({ engine: "E", since: now, until: now });
    expect(Object.keys(record.images)).toHaveLength(2);
    expect(stage.said).toEqual([expect.stringMatching(/no record/)]);
    expect(stage.host.engine.listeners).toBe(0);
  });

  it("keeps a file that it cannot read, beside the new one, and says where", async () => {
    const stage = await Stage.make();
    writeFileSync(statePath(stage.host.stateDir), "{");
    await watchOnce(stage.options());
    const [, aside] = readdirSync(stage.host.stateDir).sort();
    expect(stage.said[0]).toContain(aside);
    expect(stage.host.recorded?.since).toBe(now);
  });

  it("touches no file when the engine cannot be asked", async () => {
    const stage = await Stage.make();
    writeFileSync(statePath(stage.host.stateDir), "{");
    stage.host.engine.on("GET /images/json", () => ({ status: 500, body: { message: "boom" } }));
    expect(await thrownBy(() => watchOnce(stage.options()))).toMatchObject({
      message: expect.stringContaining("boom"),
    });
    expect(readdirSync(stage.host.stateDir)).toEqual(["state.json"]);
    expect(existsSync(statePath(stage.host.stateDir))).toBe(true);
  });
});
