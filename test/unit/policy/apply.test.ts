import { describe, expect, it } from "vitest";
import { type Applied, apply } from "../../../src/policy/apply.ts";
import { survey } from "../../../src/policy/survey.ts";
import {
  containerEvent,
  imageEvent,
  listedContainer,
  listedService,
  PruneHost,
} from "../../support/prune-host.ts";
import { writeTree } from "../../support/temp.ts";
import { day, image, now, sha } from "./hosts.ts";

/** Four orphans; from the oldest use to the latest: a, b, c, d. */
const orphans = ["a", "b", "c", "d"].map((word) => image(word, [`${word}@${sha(`${word} digest`)}`]));
const ages = { [sha("a")]: 40, [sha("b")]: 30, [sha("c")]: 20, [sha("d")]: 10 };

interface Stage {
  /** Bytes of the disk's thousand that no image holds. */
  ballast?: number;
  settings?: object;
  images?: typeof orphans;
  /** What is there before anything is looked at. */
  before?: (host: PruneHost) => void;
  /** What happens between the look and the first removal. */
  meanwhile?: (host: PruneHost) => void | Promise<void>;
}

/** Plans and applies on a disk of a thousand bytes, on which the high mark is 800 and the low one 700. */
async function prune(stage: Stage): Promise<{ host: PruneHost; applied: Applied; said: string[] }> {
  const host = await PruneHost.with(stage.images ?? orphans, stage.settings);
  host.remember(now, ages);
  stage.before?.(host);
  const engine = await host.open();
  const look = host.look(engine, stage.ballast ?? 450);
  const seen = await survey(engine, look, host.settings, () => now);
  await stage.meanwhile?.(host);
  const said: string[] = [];
  const applied = await apply({
    engine,
    look,
    survey: seen,
    settings: host.settings,
    clock: () => now,
    say: (text) => said.push(text),
  });
  // Whatever happens, nothing is forced, and nothing is left to an endpoint that chooses by itself.
  for (const { query } of host.changes) expect(query.get("force")).toBeNull();
  expect(
    host.engine.requests.filter((request) => /\/(images|containers|volumes)\/prune/.test(request)),
  ).toEqual([]);
  return { host, applied, said };
}

const ids = (...names: string[]) => names.map(sha);
const removedOf = ({ images }: Applied) => images.removed.map(({ id }) => id);
const reasons = ({ images }: Applied) =>
  Object.fromEntries(images.skipped.map(({ id, reason }) => [id, reason]));

/** graphdriver has a layer on its way. */
function startPull(host: PruneHost): void {
  writeTree(host.dataRoot, { "tmp/GetImageBlob7": "" });
}

describe("apply", () => {
  it("removes the oldest uses first, down to the low mark and no further, and measures what that freed", async () => {
    const { host, applied, said } = await prune({ ballast: 450 });
    // 850 are used; below 700 means two images of a hundred each.
    expect(host.removals).toEqual(ids("a", "b"));
    expect(applied).toMatchObject({ reached: true, busy: null, failure: null, unknown: null, left: [] });
    expect(applied.images.removed.map(({ freedBytes }) => freedBytes)).toEqual([100, 100]);
    expect(applied.disk).toMatchObject({ usedBytes: 650 });
    expect(said).toHaveLength(2);
  });

  it("goes on with what the plan held in reserve, when removals free less than was estimated", async () => {
    const { host, applied } = await prune({
      before: (host) => {
        host.engine.images = host.engine.images.map((one) => ({ ...one, History: [1_000] }));
      },
    });
    expect(host.removals).toEqual(ids("a", "b"));
    expect(applied.reached).toBe(true);
  });

  it("stops short of the plan where something else has freed the disk", async () => {
    const { host, applied } = await prune({
      meanwhile: (host) => {
        host.engine.images = host.engine.images.filter(({ Id }) => ![sha("c"), sha("d")].includes(Id));
      },
    });
    expect(host.removals).toEqual([]);
    expect(applied).toMatchObject({ reached: true, left: orphans.slice(0, 2).map(() => expect.any(String)) });
  });

  it("says that the low mark was not reached when everything that may go is gone", async () => {
    const { host, applied } = await prune({ ballast: 900 });
    expect(host.removals).toEqual(ids("a", "b", "c", "d"));
    expect(applied).toMatchObject({ reached: false, failure: null, busy: null, left: [] });
  });

  describe("looks again before each removal, and skips an image", () => {
    it("that a container uses now", async () => {
      const { applied, host } = await prune({
        meanwhile: (host) => {
          host.engine.containers = [listedContainer(sha("a"), { State: "created" })];
        },
      });
      expect(reasons(applied)[sha("a")]).toMatch(/container c1/);
      expect(host.removals).toEqual(ids("b", "c"));
    });

    it("that a service names now", async () => {
      const { applied, host } = await prune({
        before: (host) => host.manageSwarm(),
        meanwhile: (host) => {
          host.engine.services = [listedService(`a:1@${sha("a digest")}`)];
        },
      });
      expect(reasons(applied)[sha("a")]).toMatch(/service web/);
      expect(host.removals).toEqual(ids("b", "c"));
    });

    it.each([
      ["a container that came and went", containerEvent(sha("a"), now)],
      ["a pull that found it there", imageEvent("pull", `a@${sha("a digest")}`, now)],
    ])("that was used meanwhile by %s", async (_, event) => {
      const { applied, host } = await prune({ meanwhile: (host) => host.engine.emit(event) });
      expect(reasons(applied)[sha("a")]).toMatch(/used/);
      expect(host.removals).toEqual(ids("b", "c"));
    });

    it("that got another name", async () => {
      const { applied, host } = await prune({
        meanwhile: (host) => {
          host.engine.images = host.engine.images.map((one) =>
            one.Id === sha("a") ? { ...one, RepoTags: ["kept:1"] } : one,
          );
        },
      });
      expect(reasons(applied)[sha("a")]).toMatch(/kept:1/);
      expect(host.removals).toEqual(ids("b", "c"));
    });

    it("that is gone", async () => {
      const { applied } = await prune({
        ballast: 500,
        meanwhile: (host) => {
          host.engine.images = host.engine.images.filter(({ Id }) => Id !== sha("a"));
        },
      });
      expect(reasons(applied)[sha("a")]).toMatch(/gone/);
      expect(removedOf(applied)).toEqual(ids("b", "c"));
    });

    it("on which an image is built that is in use now", async () => {
      const child = image("child", ["child:1"], [sha("a's"), sha("child's")]);
      const { applied, host } = await prune({
        images: [...orphans, child],
        meanwhile: (host) => {
          host.engine.containers = [listedContainer(sha("child"))];
        },
      });
      expect(reasons(applied)[sha("a")]).toMatch(/base of child:1/);
      expect(host.removals).toEqual(expect.not.arrayContaining(ids("a", "child")));
    });

    it.each([
      [409, "conflict: unable to remove, it is being used"],
      [404, "No such image"],
    ])("that the engine refuses to remove with %i, in the engine's words", async (status, message) => {
      const { applied, host } = await prune({
        meanwhile: (host) =>
          host.engine.on(`DELETE /images/${sha("a")}`, () => ({ status, body: { message } })),
      });
      expect(reasons(applied)[sha("a")]).toContain(message);
      expect(removedOf(applied)).toEqual(ids("b", "c"));
      expect(host.removals).toEqual(ids("a", "b", "c"));
    });

    it("when more happened than the engine remembers: then every image may have been used", async () => {
      const { applied, host } = await prune({
        meanwhile: (host) => {
          for (let n = 0; n < 256; n += 1) host.engine.emit(containerEvent("elsewhere:1", now, "exec_start"));
        },
      });
      expect(host.removals).toEqual([]);
      expect(applied).toMatchObject({ reached: false, failure: null });
      expect(applied.images.skipped).toHaveLength(4);
    });
  });

  describe("stops, and says so, when the host becomes busy", () => {
    it.each<[string, (host: PruneHost) => void, RegExp]>([
      [
        "a service short of a replica",
        (host) => {
          host.engine.services = [listedService("web:1", 0, 1)];
        },
        /web/,
      ],
      [
        "a task that prepares",
        (host) => {
          const task = { ServiceID: "s1", Slot: 2, DesiredState: "running", Status: { State: "preparing" } };
          host.engine.tasks = [task];
        },
        /s1\.2 \(preparing\)/,
      ],
      ["a pull", startPull, /GetImageBlob7/],
    ])("by %s, before the first removal", async (_, meanwhile, reason) => {
      const { host, applied } = await prune({ before: (host) => host.manageSwarm(), meanwhile });
      expect(host.removals).toEqual([]);
      expect(applied.busy).toMatch(reason);
      expect(applied.left).toHaveLength(2);
    });

    it("between two removals", async () => {
      const { host, applied } = await prune({
        meanwhile: (host) =>
          host.engine.on(`DELETE /images/${sha("a")}`, () => {
            host.engine.images = host.engine.images.filter(({ Id }) => Id !== sha("a"));
            startPull(host);
            return { body: [] };
          }),
      });
      expect(host.removals).toEqual(ids("a"));
      expect(applied).toMatchObject({
        busy: expect.stringContaining("pull"),
        left: [expect.stringMatching(/^b@/)],
      });
    });
  });

  it.each([
    ["several repositories", ["x:1", "y:1", "x@sha256:1"]],
    ["several tags, with the last of which its digest goes", ["x:1", "x:2", "x@sha256:1"]],
  ])("removes an image of %s by each of its names", async (_, names) => {
    const { host, applied } = await prune({ images: [image("many", names)], ballast: 700 });
    expect(host.removals).toEqual(names);
    expect(host.engine.images).toEqual([]);
    expect(removedOf(applied)).toEqual(ids("many"));
  });

  it("removes an image of one repository, with a tag and digests, by its ID", async () => {
    const names = ["x:1", "x@sha256:1", "x@sha256:2"];
    const { host } = await prune({ images: [image("one", names)], ballast: 700 });
    expect(host.removals).toEqual(ids("one"));
  });

  it("tells which names are gone of an image that the engine then refuses to remove", async () => {
    const many = image("many", ["x:1", "y:1"]);
    const { applied } = await prune({
      images: [many],
      ballast: 700,
      meanwhile: (host) =>
        host.engine.on("DELETE /images/y:1", () => ({ status: 409, body: { message: "it is in use" } })),
    });
    expect(reasons(applied)[sha("many")]).toMatch(/it is in use.*x:1/);
  });

  describe("ends when something goes wrong, and tells what was removed and what was not", () => {
    it("when the engine goes away during a removal", async () => {
      const { host, applied } = await prune({
        ballast: 550,
        meanwhile: (host) =>
          host.engine.on(`DELETE /images/${sha("b")}`, () => {
            void host.engine.stop();
            return undefined;
          }),
      });
      expect(removedOf(applied)).toEqual(ids("a"));
      expect(applied.failure).toMatch(/went away/);
      expect(applied.unknown).toMatch(/^b@/);
      expect(applied.left).toEqual([expect.stringMatching(/^c@/)]);
      expect(host.removals).toEqual(ids("a", "b"));
    });

    it("when the engine goes away in the middle of an answer", async () => {
      const { applied } = await prune({
        meanwhile: (host) =>
          host.engine.on("GET /containers/json", (_, response) => {
            response.writeHead(200, { "content-length": "1000" });
            response.write("[");
            setImmediate(() => response.destroy());
            return undefined;
          }),
      });
      expect(applied).toMatchObject({ failure: expect.stringMatching(/went away/), unknown: null });
      expect(applied.left).toHaveLength(2);
    });

    it("when the engine fails at a removal", async () => {
      const { host, applied } = await prune({
        meanwhile: (host) =>
          host.engine.on(`DELETE /images/${sha("a")}`, () => ({
            status: 500,
            body: { message: "device busy" },
          })),
      });
      expect(applied).toMatchObject({ failure: expect.stringContaining("device busy"), unknown: null });
      expect(host.removals).toEqual(ids("a"));
    });

    it("when the disk cannot be looked at any more", async () => {
      const host = await PruneHost.with(orphans);
      host.remember(now, ages);
      const engine = await host.open();
      const look = host.look(engine, 450);
      const seen = await survey(engine, look, host.settings, () => now);
      look.disk = async () => {
        throw new Error("I/O error");
      };
      const context = {
        engine,
        look,
        survey: seen,
        settings: host.settings,
        clock: () => now,
        say: () => {},
      };
      expect(await apply(context)).toMatchObject({ failure: "I/O error", disk: null });
      expect(host.removals).toEqual([]);
    });
  });

  describe("where stopped containers are opted in", () => {
    const settings = { containers: { minAge: "7d" } };
    const ended = (days: number) => ({
      Created: new Date(now - 90 * day).toISOString(),
      State: { Status: "exited", FinishedAt: new Date(now - days * day).toISOString() },
    });
    const before = (host: PruneHost) => {
      host.engine.containers = [
        listedContainer("sha256:other", { Id: "old", State: "exited" }),
        listedContainer("sha256:other", { Id: "young", State: "exited" }),
        listedContainer("sha256:other", { Id: "never", State: "created" }),
        listedContainer("sha256:other", { Id: "up" }),
        listedContainer("sha256:other", {
          Id: "task",
          State: "exited",
          Labels: { "com.docker.swarm.task.id": "t1" },
        }),
      ];
      host.engine.inspected = {
        old: ended(8),
        young: ended(6),
        task: ended(30),
        never: { ...ended(0), State: { Status: "created", FinishedAt: "0001-01-01T00:00:00Z" } },
      };
    };
    const removedContainers = (host: PruneHost) =>
      host.changes.map(({ path }) => path).filter((path) => path.startsWith("/containers/"));

    it("removes those that ended long ago, before any image, and leaves volumes and tasks alone", async () => {
      const { host, applied } = await prune({ settings, before });
      expect(removedContainers(host)).toEqual(["/containers/never", "/containers/old"]);
      expect(host.changes.map(({ path }) => path.split("/")[1])).toEqual([
        "containers",
        "containers",
        "images",
        "images",
      ]);
      for (const { query } of host.changes) expect(query.get("v")).toBeNull();
      expect(applied.containers.removed.map(({ name }) => name)).toEqual(["never", "old"]);
    });

    it("does not remove one that was started again", async () => {
      const { host, applied } = await prune({
        settings,
        before,
        meanwhile: (host) => {
          host.engine.inspected.old = { ...ended(0), State: { Status: "running", FinishedAt: "" } };
        },
      });
      expect(removedContainers(host)).toEqual(["/containers/never"]);
      expect(applied.containers.skipped).toMatchObject([{ name: "old" }]);
    });

    it("does not remove one that ran and ended meanwhile", async () => {
      const { host } = await prune({
        settings,
        before,
        meanwhile: (host) => {
          host.engine.inspected.old = ended(0);
        },
      });
      expect(removedContainers(host)).toEqual(["/containers/never"]);
    });

    it.each<[string, Stage]>([
      ["without pressure", { ballast: 100 }],
      ["unless they are opted in", { settings: {} }],
      ["while the host is busy", { meanwhile: startPull }],
    ])("removes none %s", async (_, stage) => {
      const { host } = await prune({ settings, before, ...stage });
      expect(removedContainers(host)).toEqual([]);
    });
  });

  describe("where the build cache is opted in", () => {
    const settings = { buildCache: { minAge: "36h" } };
    const prunes = (host: PruneHost) => host.changes.filter(({ path }) => path === "/build/prune");

    it("asks the engine for what is older, before any image goes", async () => {
      const { host, applied } = await prune({
        settings,
        before: (host) => host.engine.on("POST /build/prune", () => ({ body: { SpaceReclaimed: 42 } })),
      });
      expect(prunes(host).map(({ filters }) => filters)).toEqual([{ until: ["129600s"] }]);
      expect(prunes(host)[0]?.query.get("all")).toBeNull();
      expect(host.changes[0]?.path).toBe("/build/prune");
      expect(applied.buildCacheBytes).toBe(42);
    });

    it.each<[string, Stage]>([
      ["unless it is opted in", { settings: {} }],
      ["while the host is busy", { meanwhile: startPull }],
      ["without pressure", { ballast: 100 }],
    ])("asks for nothing %s", async (_, stage) => {
      const { host, applied } = await prune({ settings, ...stage });
      expect(prunes(host)).toEqual([]);
      expect(applied.buildCacheBytes).toBeNull();
    });
  });
});
