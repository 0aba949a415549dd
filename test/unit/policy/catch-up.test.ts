import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { catchUp } from "../../../src/policy/catch-up.ts";
import { lastUseOf } from "../../../src/policy/record.ts";
import {
  containerEvent,
  imageEvent,
  listedContainer,
  listedService,
  PruneHost,
} from "../../support/prune-host.ts";
import { day, hour, image, now, sha } from "./hosts.ts";

const web = image("web", ["web:1", "web@sha256:1"]);
const idle = image("idle", ["idle:1"]);

/** Catches up with a host that was last looked at an hour ago, since when this happened. */
async function caughtUpAfter(happens: (host: PruneHost) => void, images = [web, idle]) {
  const host = await PruneHost.with(images);
  const stored = host.remember(now - hour);
  happens(host);
  const engine = await host.open();
  const state = await host.look(engine, 0).whole();
  const caught = await catchUp(engine, stored, state, now);
  const age = (one: typeof web) => now - lastUseOf(one, caught.record, now);
  return { host, stored, ...caught, age };
}

describe("catchUp", () => {
  it("keeps what is known, up to now, when nothing happened", async () => {
    const { record, stored, gap } = await caughtUpAfter(() => {});
    expect(gap).toBeNull();
    expect(record).toEqual({ ...stored, until: now });
  });

  it("asks for everything that the engine remembers of the time between, without a filter", async () => {
    const { host } = await caughtUpAfter(() => {});
    const [asked] = host.engine.calls.filter(({ path }) => path === "/events");
    expect(Object.fromEntries(asked?.query ?? [])).toEqual({
      since: String((now - hour) / 1000),
      until: String(now / 1000),
    });
  });

  it.each([
    ["a container that was made from it", containerEvent("web:1", now - 60_000, "die")],
    ["a pull", imageEvent("pull", "web:1", now - 60_000)],
    ["a pull by digest", imageEvent("pull", "web@sha256:1", now - 60_000)],
    ["a tag", imageEvent("tag", sha("web"), now - 60_000)],
  ])("takes %s for a use, at that time", async (_, event) => {
    const { age, gap } = await caughtUpAfter((host) => host.engine.emit(event));
    expect(gap).toBeNull();
    expect(age(web)).toBe(60_000);
    expect(age(idle)).toBe(30 * day + hour);
  });

  it.each([
    ["its untagging", imageEvent("untag", sha("web"), now - 60_000)],
    ["something that it does not know", { ...imageEvent("pull", "web:1", now), Type: "secret" }],
    ["what was before", imageEvent("pull", "web:1", now - hour - 1000)],
  ])("takes %s for none", async (_, event) => {
    const { age } = await caughtUpAfter((host) => host.engine.emit(event));
    expect(age(web)).toBe(30 * day + hour);
  });

  it("takes what is there for used now", async () => {
    const { age } = await caughtUpAfter((host) => {
      host.manageSwarm();
      host.engine.containers = [listedContainer(sha("idle"), { State: "exited" })];
      host.engine.services = [listedService("web:1@sha256:1")];
    });
    expect([age(web), age(idle)]).toEqual([0, 0]);
  });

  it("learns what a tag resolves to from names that carry the digest, as of when the image came", async () => {
    const [older, newer] = [image("older", ["web:1@sha256:1"]), image("newer", ["web:1@sha256:2"])];
    const { record, stored } = await caughtUpAfter(() => {}, [older, newer]);
    expect(record.resolved).toEqual({});
    const host = await PruneHost.with([older, newer]);
    const engine = await host.open();
    const state = await host.look(engine, 0).whole();
    const images = { ...stored.images, [sha("newer")]: { firstSeen: now - day, lastUse: now - day } };
    const again = await catchUp(engine, { ...stored, images }, state, now);
    expect(again.record.resolved["library/web:1"]).toEqual({ digest: "sha256:2", at: now - day });
  });

  describe("lets every age count from now", () => {
    it("without a record, and says so", async () => {
      const host = await PruneHost.with([web]);
      const engine = await host.open();
      const { record, gap } = await catchUp(engine, null, await host.look(engine, 0).whole(), now);
      expect(gap).toMatch(/no record/);
      expect(record).toMatchObject({ engine: "E", since: now, until: now });
      expect(lastUseOf(web, record, now)).toBe(now);
    });

    it.each<[string, (host: PruneHost) => void, RegExp]>([
      ["the engine was started since", (host) => host.startedAt(now - hour + 1000), /started/],
      ["nothing tells when the engine was started", (host) => rmSync(host.pidFile), /since when/],
      [
        "more happened than the engine remembers",
        (host) => {
          for (let n = 0; n < 256; n += 1)
            host.engine.emit({ ...imageEvent("x", "x", now - 60_000), Type: "network" });
        },
        /256/,
      ],
      [
        "an event cannot be read",
        (host) => host.engine.emit({ ...imageEvent("pull", "web:1", now), Actor: "?" as never }),
        /event/,
      ],
    ])("when %s", async (_, happens, reason) => {
      const { gap, record, age } = await caughtUpAfter(happens);
      expect(gap).toMatch(reason);
      expect(record.since).toBe(now);
      expect([age(web), age(idle)]).toEqual([0, 0]);
    });

    it("when the clock went back", async () => {
      const host = await PruneHost.with([web]);
      const stored = host.remember(now + hour);
      const engine = await host.open();
      const { record, gap } = await catchUp(engine, stored, await host.look(engine, 0).whole(), now);
      expect(gap).toMatch(/clock/);
      expect(record.since).toBe(now);
      expect(host.engine.requests).not.toContain("GET /events");
    });
  });

  it("makes no gap of as many events as the engine still remembers", async () => {
    const { gap } = await caughtUpAfter((host) => {
      for (let n = 0; n < 255; n += 1) host.engine.emit(containerEvent("idle:1", now - 60_000, "exec_start"));
    });
    expect(gap).toBeNull();
  });

  it("lets a build left-over age through a gap: nothing can have named it", async () => {
    const leftOver = image("left-over");
    const { age, gap } = await caughtUpAfter((host) => host.startedAt(now - 1000), [leftOver, web]);
    expect(gap).not.toBeNull();
    expect(age(leftOver)).toBe(30 * day + hour);
  });
});
