import { describe, expect, it } from "vitest";
import type { UseRecord } from "../../../src/policy/model.ts";
import {
  fold,
  freshRecord,
  lastUseOf,
  type Observed,
  parseRecord,
  timePasses,
} from "../../../src/policy/record.ts";
import { container, day, hour, image, now, service, sha } from "./hosts.ts";

const [d, e] = [sha("digest d"), sha("digest e")];
const cached = image("cached", [`nginx@${d}`]);
const newer = image("newer", [`nginx@${e}`]);
const tagged = image("tagged", ["redis:7"]);

/** A day-old record in which each of some images was last used ten days ago. */
function known(...images: { id: string }[]): UseRecord {
  const at = now - 10 * day;
  return {
    ...freshRecord("E", now - 40 * day),
    until: now - day,
    images: Object.fromEntries(images.map(({ id }) => [id, { firstSeen: at, lastUse: at }])),
  };
}

function observed({
  state,
  ...changes
}: Partial<Omit<Observed, "state">> & { state?: Partial<Observed["state"]> }) {
  return {
    events: [],
    resolved: [],
    now,
    gap: false,
    ...changes,
    state: { images: [cached, newer, tagged], containers: [], services: [], ...state },
  };
}

const before = known(cached, newer, tagged);

/** Words of the images whose last use is no longer ten days ago, and when it is now. */
function moved(record: UseRecord): Record<string, number> {
  return Object.fromEntries(
    ["cached", "newer", "tagged"].flatMap((word) => {
      const use = record.images[sha(word)]?.lastUse;
      return use === undefined || use === now - 10 * day ? [] : [[word, use]];
    }),
  );
}

describe("fold", () => {
  const at = now - hour;

  it("changes nothing but the time where nothing happened", () => {
    expect(fold(before, observed({}))).toEqual({ ...before, until: now });
  });

  it.each([
    [sha("cached"), ["cached"]],
    [`nginx@${d}`, ["cached"]],
    [`nginx:1@${d}`, ["cached"]],
    ["redis:7", ["tagged"]],
    ["docker.io/library/redis:7", ["tagged"]],
    [sha("tagged").slice("sha256:".length, 19), ["tagged"]],
    // The tag has moved on, or its digest was never stored: any of the repository may have been it.
    ["nginx:1", ["cached", "newer"]],
    [`nginx:1@${sha("unknown")}`, ["cached", "newer"]],
    ["redis:6", ["tagged"]],
    ["busybox:1", []],
  ])("counts an event about %s as a use of %j", (reference, words) => {
    const folded = fold(before, observed({ events: [{ at, image: reference }] }));
    expect(moved(folded)).toEqual(Object.fromEntries(words.map((word) => [word, at])));
  });

  it("keeps the later of two uses, in whatever order they come", () => {
    const events = [at, at - hour].map((time) => ({ at: time, image: "redis:7" }));
    expect(moved(fold(before, observed({ events })))).toEqual({ tagged: at });
    expect(moved(fold(before, observed({ events: events.toReversed() })))).toEqual({ tagged: at });
    const old = fold(before, observed({ events: [{ at: now - 20 * day, image: "redis:7" }] }));
    expect(moved(old)).toEqual({});
  });

  it("takes an event from the future for one of now", () => {
    expect(moved(fold(before, observed({ events: [{ at: now + hour, image: "redis:7" }] })))).toEqual({
      tagged: now,
    });
  });

  it.each(["created", "running", "exited"])("counts a container that is %s as a use", (state) => {
    const containers = [container("cached", "nginx:1", state)];
    expect(moved(fold(before, observed({ state: { containers } })))).toEqual({ cached: now });
  });

  it("counts a service's spec and its previous spec as uses", () => {
    const services = [service(`nginx:1@${d}`, { previousImage: "redis:7" })];
    expect(moved(fold(before, observed({ state: { services } })))).toEqual({ cached: now, tagged: now });
  });

  it("counts a new image as used now, and forgets one that is gone", () => {
    const folded = fold(known(cached, tagged), observed({ state: { images: [cached, newer] } }));
    expect(folded.images).toEqual({
      [sha("cached")]: before.images[sha("cached")],
      [sha("newer")]: { firstSeen: now, lastUse: now },
    });
  });

  it("takes the events' word for when a new image came, where they name it and none was missed", () => {
    const empty = known();
    const came = (image: string, gap = false) =>
      fold(empty, observed({ events: [{ at, image }], gap })).images[sha("newer")];
    expect(came(`nginx@${e}`)).toEqual({ firstSeen: at, lastUse: at });
    expect(came(sha("newer"))).toEqual({ firstSeen: at, lastUse: at });
    expect(came("nginx:1")).toEqual({ firstSeen: now, lastUse: now });
    expect(came(`nginx@${e}`, true)).toEqual({ firstSeen: now, lastUse: now });
  });

  it("starts anew after a gap, and goes on without one", () => {
    expect(fold(before, observed({})).since).toBe(before.since);
    const folded = fold(before, observed({ gap: true }));
    expect(folded.since).toBe(now);
    expect(folded.images).toEqual(before.images);
  });

  it("takes a clock that went back for a gap, and leaves no time in the future", () => {
    const services = [service(`nginx:1@${d}`)];
    const ahead = fold(known(cached), observed({ state: { images: [cached, newer], services } }));
    const back = now - 12 * day;
    const folded = fold(ahead, observed({ now: back }));
    expect(folded).toEqual({
      ...ahead,
      since: back,
      until: back,
      images: {
        [sha("cached")]: { firstSeen: back, lastUse: back },
        [sha("newer")]: { firstSeen: back, lastUse: back },
        [sha("tagged")]: { firstSeen: back, lastUse: back },
      },
      resolved: {},
    });
  });

  describe("tells what a tag resolves to", () => {
    const nginx = (digest: string, time: number) => ({ "library/nginx:1": { digest, at: time } });

    it("from a service's spec", () => {
      const services = [service(`nginx:1@${d}`), service("redis:7"), service(`busybox@${e}`)];
      expect(fold(before, observed({ state: { services } })).resolved).toEqual(nginx(d, now));
    });

    it("from an event", () => {
      const events = [{ at, image: `docker.io/library/nginx:1@${d}` }];
      expect(fold(before, observed({ events })).resolved).toEqual(nginx(d, at));
    });

    it("from an event of the future, as of now", () => {
      const events = [{ at: now + hour, image: `nginx:1@${d}` }];
      expect(fold(before, observed({ events })).resolved).toEqual(nginx(d, now));
    });

    it("from whatever else is told", () => {
      const resolved = [{ tag: "nginx:1", digest: d, at }];
      expect(fold(before, observed({ resolved })).resolved).toEqual(nginx(d, at));
    });

    it("the latest of all", () => {
      const record = { ...before, resolved: nginx(d, now - 2 * day) };
      const events = [at, at - hour].map((time, i) => ({ at: time, image: `nginx:1@${i === 0 ? e : d}` }));
      expect(fold(record, observed({ events })).resolved).toEqual(nginx(e, at));
      expect(fold(record, observed({ events: events.toReversed() })).resolved).toEqual(nginx(e, at));
      expect(fold(record, observed({})).resolved).toEqual(record.resolved);
      const services = [service(`nginx:1@${d}`)];
      expect(fold(record, observed({ events, state: { services } })).resolved).toEqual(nginx(d, now));
    });

    it("not where two services at once disagree", () => {
      const record = { ...before, resolved: nginx(d, now - 2 * day) };
      const services = [service(`nginx:1@${d}`), service(`nginx:1@${e}`, { name: "other" })];
      expect(fold(record, observed({ state: { services } })).resolved).toEqual({});
      const agreeing = [service(`nginx:1@${d}`), service(`nginx:1@${d}`, { name: "other" })];
      expect(fold(record, observed({ state: { services: agreeing } })).resolved).toEqual(nginx(d, now));
    });
  });
});

describe("lastUseOf", () => {
  const left = image("left");

  it("is the recorded use", () => {
    expect(lastUseOf(cached, before, now)).toBe(now - 10 * day);
  });

  it("is now without a record", () => {
    expect(lastUseOf(cached, known(), now)).toBe(now);
    expect(lastUseOf(left, known(), now)).toBe(now);
  });

  it("is the end of the last gap where the use is older", () => {
    const record = { ...before, since: now - 3 * day };
    expect(lastUseOf(cached, record, now)).toBe(now - 3 * day);
    expect(lastUseOf(cached, { ...before, since: now - 20 * day }, now)).toBe(now - 10 * day);
  });

  it("is never in the future", () => {
    expect(lastUseOf(cached, { ...before, since: now + day }, now)).toBe(now);
  });

  it("of a build left-over counts from when it was first seen, or used, whatever gaps there were", () => {
    const record = (firstSeen: number, lastUse: number): UseRecord => ({
      ...before,
      since: now,
      images: { [left.id]: { firstSeen, lastUse } },
    });
    expect(lastUseOf(left, record(now - 9 * day, now - 12 * day), now)).toBe(now - 9 * day);
    expect(lastUseOf(left, record(now - 9 * day, now - 2 * day), now)).toBe(now - 2 * day);
  });

  it("makes no such exception for an image that has a digest and no tag", () => {
    expect(lastUseOf(cached, { ...before, since: now }, now)).toBe(now);
  });
});

describe("timePasses", () => {
  const record = fold(before, observed({ state: { services: [service(`nginx:1@${d}`)] } }));

  it("moves every time into the past but the one up to which the record goes", () => {
    const aged = timePasses(record, 3 * day);
    expect(aged).toEqual({
      ...record,
      since: record.since - 3 * day,
      images: {
        [sha("cached")]: { firstSeen: now - 13 * day, lastUse: now - 3 * day },
        [sha("newer")]: { firstSeen: now - 13 * day, lastUse: now - 13 * day },
        [sha("tagged")]: { firstSeen: now - 13 * day, lastUse: now - 13 * day },
      },
      resolved: { "library/nginx:1": { digest: d, at: now - 3 * day } },
    });
  });

  it("ages what has no gap to hide behind, and leaves no gap itself", () => {
    const fresh = fold(freshRecord("E", now), observed({}));
    expect(lastUseOf(cached, fresh, now)).toBe(now);
    const aged = fold(timePasses(fresh, 8 * day), observed({ now: now + hour }));
    expect(lastUseOf(cached, aged, now + hour)).toBe(now - 8 * day);
  });
});

describe("parseRecord", () => {
  const stored = JSON.stringify(fold(before, observed({ state: { services: [service(`nginx:1@${d}`)] } })));

  it("reads what was written", () => {
    expect(JSON.stringify(parseRecord(stored))).toBe(stored);
    expect(parseRecord(JSON.stringify(freshRecord("E", now)))).toEqual({
      version: 1,
      engine: "E",
      since: now,
      until: now,
      images: {},
      resolved: {},
    });
  });

  it.each([
    ["", /not JSON/],
    [stored.slice(0, -1), /not JSON/],
    ["null", /not a record/],
    ["[]", /not a record/],
    [stored.replace('"version":1', '"version":2'), /version/],
    [stored.replace('"until"', '"till"'), /until/],
    [stored.replace(/"since":\d+/, '"since":"now"'), /since/],
    [stored.replace(/"lastUse":\d+/, '"lastUse":null'), /lastUse/],
    [stored.replace('"resolved"', '"more":1,"resolved"'), /more/],
  ])("refuses %j", (text, message) => {
    expect(() => parseRecord(text)).toThrow(message);
  });
});
