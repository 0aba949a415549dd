import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import type { Body } from "../../../src/model/evidence.ts";
import { until } from "../../../src/until.ts";
import { EventStream } from "../../../src/witness/events.ts";
import { EngineDouble } from "../../support/engine-double.ts";

interface Line {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  timeNano: number;
}

const image = (Action: string, ID: string, Attributes: Record<string, string> = {}): Line => ({
  Type: "image",
  Action,
  Actor: { ID, Attributes },
  timeNano: 1_767_322_245_123.4 * 1e6,
});

/** The double's event stream, and the stream of ours that reads it. */
class Stage {
  readonly engine: EngineDouble;
  readonly events: EventStream;
  readonly seen: Body<"event">[] = [];
  /** Settles when the first event about an image has arrived. */
  readonly arrival = Promise.withResolvers<void>();
  /** What the engine sends before the sentinel of the next fence; null: it swallows the sentinel. */
  before: (string | null)[] = [];
  #response: ServerResponse | undefined;
  query = "";

  private constructor(engine: EngineDouble) {
    this.engine = engine;
    this.events = new EventStream(engine.docker, (event) => {
      this.seen.push(event);
      this.arrival.resolve();
    });
    engine.on("GET /events", ({ query }, response) => {
      this.query = query.get("filters") ?? "";
      this.#response = response;
      response.writeHead(200, { "content-type": "application/json" });
      response.flushHeaders();
      return undefined;
    });
    engine.on("POST /volumes/create", ({ body }) => {
      const { Name } = body as { Name: string };
      const lines = this.before.splice(0);
      for (const line of lines) if (line !== null) this.write(line);
      if (!lines.includes(null)) this.sentinel(Name);
      return { status: 201, body: { Name } };
    });
    onTestFinished(() => this.events.close());
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await EngineDouble.listen());
    await stage.events.open();
    return stage;
  }

  sentinel(name: string, Action = "create"): void {
    this.send({ Type: "volume", Action, Actor: { ID: name, Attributes: {} }, timeNano: 1 });
  }

  send(line: object): void {
    this.write(`${JSON.stringify(line)}\n`);
  }

  write(text: string): void {
    this.#response?.write(text);
  }

  /** Ends the stream as an engine does that stops, or as a connection that breaks. */
  async end(how: "end" | "destroy"): Promise<void> {
    const response = this.#response as ServerResponse;
    const closed = once(response, "close");
    response[how]();
    await closed;
  }

  /** Waits until a fence is refused: what was written arrives when it arrives. */
  async refusal(): Promise<string> {
    let detail = "";
    await until("a fence is refused", 4_000, async () => {
      const fence = await this.events.fence();
      detail = fence.detail;
      return fence.seen ? "a fence was seen" : true;
    });
    return detail;
  }
}

describe("EventStream", () => {
  it("sees no fence before it was opened", async () => {
    const engine = await EngineDouble.listen();
    const events = new EventStream(engine.docker, () => {});
    expect(events.ended).toBe("it was never opened");
    expect(await events.fence()).toEqual({ seen: false, detail: expect.stringContaining("never opened") });
    expect(engine.requests).toEqual([]);
  });

  it("sees its own sentinel come back, and removes it", async () => {
    const stage = await Stage.open();
    const fences = [await stage.events.fence(), await stage.events.fence()];
    expect(fences.map(({ seen }) => seen)).toEqual([true, true]);
    const created = stage.engine.requests.filter((request) => request.startsWith("POST /volumes"));
    const removed = stage.engine.requests.filter((request) => request.startsWith("DELETE /volumes/"));
    expect([created.length, new Set(removed).size]).toEqual([2, 2]);
  });

  it("asks for images and for the volumes that its sentinels are", async () => {
    expect(JSON.parse((await Stage.open()).query)).toEqual({ type: ["image", "volume"] });
  });

  it("delivers, in order, every event about an image that came before the sentinel", async () => {
    const stage = await Stage.open();
    const names = Array.from({ length: 200 }, (_, index) => `sha256:${index}`);
    stage.before = names.map((name) => `${JSON.stringify(image("untag", name))}\n`);
    expect((await stage.events.fence()).seen).toBe(true);
    expect(stage.seen.map(({ imageId }) => imageId)).toEqual(names);
  });

  it("tells what happened to which image, when, and its name where it has one", async () => {
    const stage = await Stage.open();
    stage.send(image("pull", "pullproof/web:1", { name: "pullproof/web" }));
    stage.send(image("delete", "sha256:1"));
    await stage.events.fence();
    const wall = "2026-01-02T02:50:45.123Z";
    expect(stage.seen).toEqual([
      { action: "pull", imageId: "pullproof/web:1", name: "pullproof/web", wall },
      { action: "delete", imageId: "sha256:1", name: null, wall },
    ]);
  });

  it("puts a line together that arrives in pieces", async () => {
    const stage = await Stage.open();
    const line = JSON.stringify(image("delete", "sha256:1"));
    stage.write(line.slice(0, 20));
    stage.write(`${line.slice(20)}\n`);
    await stage.events.fence();
    expect(stage.seen).toHaveLength(1);
  });

  it("is not taken in by other volumes, or by the removal of its sentinel", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const stage = await Stage.open();
    stage.engine.on("DELETE /volumes/*", ({ path }) => {
      stage.sentinel("data");
      stage.sentinel(path.split("/")[2] ?? "", "destroy");
      stage.send(image("tag", "after all that"));
      return { status: 204 };
    });
    stage.before = [null];
    const fence = stage.events.fence();
    await stage.arrival.promise;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await fence).toMatchObject({ seen: false, detail: expect.stringContaining("lost") });
    expect(stage.seen).toHaveLength(1);
  });

  it.each(["end", "destroy"] as const)("sees no fence after the stream's %s, and says so", async (how) => {
    const stage = await Stage.open();
    await stage.events.fence();
    await stage.end(how);
    expect(await stage.refusal()).toMatch(/the event stream ended/);
  });

  it.each([
    ["no JSON", "oops\n"],
    ["half an event", `${JSON.stringify({ Type: "image", Action: "delete" })}\n`],
    ["an error", `${JSON.stringify({ message: "internal error" })}\n`],
  ])("vouches for nothing any more after %s, though the sentinel comes back", async (_, line) => {
    const stage = await Stage.open();
    stage.before = [line];
    expect(await stage.events.fence()).toMatchObject({ seen: false });
    expect(await stage.events.fence()).toMatchObject({
      seen: false,
      detail: expect.stringContaining("could not be read"),
    });
  });

  it("can be closed and opened again, and then vouches for what comes", async () => {
    const stage = await Stage.open();
    expect(stage.events.ended).toBeNull();
    stage.events.close();
    expect(stage.events.ended).toBe("it was closed");
    expect(await stage.events.fence()).toMatchObject({
      seen: false,
      detail: expect.stringContaining("closed"),
    });
    await stage.events.open();
    expect(stage.events.ended).toBeNull();
    expect(await stage.events.fence()).toMatchObject({ seen: true });
  });

  it("fails when the engine makes no sentinel", async () => {
    const stage = await Stage.open();
    stage.engine.on("POST /volumes/create", () => ({ status: 500, body: { message: "no space left" } }));
    await expect(stage.events.fence()).rejects.toThrow("no space left");
  });
});
