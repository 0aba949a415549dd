import { MockAgent } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Kind } from "../../../src/model/evidence.ts";
import { observeBoundary } from "../../../src/witness/boundary.ts";
import { EventStream } from "../../../src/witness/events.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";

const machine = "0c1d2e3f-0000-4000-8000-0123456789ab\n10.5\n1000\n4096 100 50 50 10 5\n";

type Seen = { kind: Kind; source: string; data: unknown };

/** Looks at a host on which all is well but what `breakIt` does. */
async function look(breakIt: (engine: EngineDouble, host: HostDouble) => void = () => {}): Promise<Seen[]> {
  const engine = await EngineDouble.listen();
  engine.images = [{ Id: "sha256:1", RepoTags: null, RepoDigests: ["a@sha256:2"] }];
  engine.on("GET /images/*/json", () => ({
    body: { Id: "sha256:1", RepoTags: [], RepoDigests: ["a@sha256:2"], RootFS: { Layers: ["l1"] }, Size: 7 },
  }));
  engine.on("GET /system/df", () => ({ body: { LayersSize: 12_345 } }));
  engine.on("GET /events", (_, response) => {
    response.writeHead(200);
    response.flushHeaders();
    engine.on("POST /volumes/create", ({ body }) => {
      const { Name } = body as { Name: string };
      engine.volumes = [...engine.volumes, { Name }];
      const event = { Type: "volume", Action: "create", Actor: { ID: Name, Attributes: {} }, timeNano: 1 };
      response.write(`${JSON.stringify(event)}\n`);
      return { status: 201, body: { Name } };
    });
    return undefined;
  });
  engine.volumes = [{ Name: "data" }];
  const host = new HostDouble(engine.docker).answer(() => ({ stdout: machine }));
  const events = new EventStream(engine.docker, () => {});
  await events.open();
  onTestFinished(() => events.close());
  // Docker Hub's stand-in knows no path: what reads the counters fails.
  const dispatcher = new MockAgent();
  dispatcher.disableNetConnect();
  onTestFinished(() => dispatcher.close());
  breakIt(engine, host);
  const seen: Seen[] = [];
  await observeBoundary(
    {
      host,
      interfaceName: "eth0",
      accountedUnits: [],
      dataRoot: "/var/lib/docker",
      events,
      rateLimit: { dispatcher, account: { name: "keeper", pat: "hunter2" } },
    },
    (kind, source, data) => seen.push({ kind, source, data }),
  );
  return seen;
}

const kinds = (seen: readonly Seen[]) => seen.map(({ kind }) => kind).sort();
const gaps = (seen: readonly Seen[]) =>
  seen.filter(({ kind }) => kind === "gap").map(({ data }) => data as { witness: string; reason: string });
const everything = ["clock", "disk", "fence", "images", "interface", "inventory", "uses"];
/** The counters' two, which fail in every one of these looks. */
const hubGaps = ["gap", "gap"];

describe("observeBoundary", () => {
  it("sees everything that a step can change, once", async () => {
    const seen = await look();
    expect(kinds(seen)).toEqual([...everything, ...hubGaps].sort());
    expect(seen.find(({ kind }) => kind === "disk")?.data).toEqual({
      totalBytes: 409_600,
      usedBytes: 204_800,
      totalInodes: 10,
      usedInodes: 5,
      layersBytes: 12_345,
    });
  });

  it("leaves its own sentinel out of the inventory", async () => {
    const { data } = (await look()).find(({ kind }) => kind === "inventory") ?? {};
    expect(data).toMatchObject({ volumes: ["data"] });
  });

  it("leaves a gap where a counter cannot be read, and never a number", async () => {
    const seen = await look();
    expect(gaps(seen).map(({ witness }) => witness)).toEqual(["rate limit", "rate limit"]);
    expect(JSON.stringify(seen)).not.toContain("hunter2");
  });

  const refuse = (what: string) => (engine: EngineDouble) =>
    engine.on(what, () => ({ status: 500, body: { message: "boom" } }));

  it.each<[string, (engine: EngineDouble, host: HostDouble) => void, string, string[]]>([
    ["the image list", refuse("GET /images/json"), "images", ["images"]],
    ["one image", refuse("GET /images/*/json"), "images", ["images"]],
    ["a list of the inventory", refuse("GET /configs"), "inventory", ["inventory"]],
    ["the sentinel", refuse("POST /volumes/create"), "events", ["fence"]],
    [
      "the kernel",
      (_, host) => host.answer(() => ({ exitCode: 1, stderr: "boom" })),
      "machine",
      ["clock", "disk", "interface"],
    ],
  ])("goes on without %s, and says what is missing", async (_, breakIt, witness, missing) => {
    const seen = await look(breakIt);
    expect(kinds(seen)).toEqual(
      [...everything.filter((kind) => !missing.includes(kind)), "gap", ...hubGaps].sort(),
    );
    const own = gaps(seen).filter((gap) => gap.witness !== "rate limit");
    expect(own).toEqual([{ witness, reason: expect.stringContaining("boom") }]);
  });

  it("goes on without the containers, which two witnesses look for on their own", async () => {
    const seen = await look(refuse("GET /containers/json"));
    const missing = ["inventory", "uses"];
    expect(kinds(seen)).toEqual(
      [...everything.filter((kind) => !missing.includes(kind)), "gap", "gap", ...hubGaps].sort(),
    );
    const own = gaps(seen)
      .map(({ witness }) => witness)
      .filter((witness) => witness !== "rate limit");
    expect(own.sort()).toEqual(missing);
  });

  it("knows clock and interface though the engine does not tell the layers' size", async () => {
    const seen = await look(refuse("GET /system/df"));
    expect(kinds(seen)).toEqual([...everything.filter((kind) => kind !== "disk"), "gap", ...hubGaps].sort());
  });
});
