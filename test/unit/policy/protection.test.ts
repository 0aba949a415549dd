import { describe, expect, it } from "vitest";
import type { StoredImage } from "../../../src/model/evidence.ts";
import { ImageIndex } from "../../../src/policy/images.ts";
import { protections } from "../../../src/policy/protection.ts";
import { type Changes, container, day, host, image, now, service, sha } from "./hosts.ts";

/** Why an image is protected on a host. */
const why = (one: StoredImage, changes: Omit<Changes, "images">) =>
  protections(new ImageIndex([one]), host(changes)).get(one.id) ?? null;

const [d, e] = [sha("digest d"), sha("digest e")];
const cached = image("cached", [`nginx@${d}`]);
const tagged = image("tagged", ["nginx:1"]);

describe("a container", () => {
  it.each(["created", "running", "paused", "exited", "dead"])("protects its image when it is %s", (state) => {
    const containers = [container("cached", "nginx:1", state)];
    expect(why(cached, { state: { containers } })).toBe(`used by the container job (${state})`);
  });

  it("protects by ID when the image lost its names, and by reference when the name moved", () => {
    const containers = [container("old", "nginx:1")];
    expect(why(image("old"), { state: { containers } })).toMatch(/container/);
    expect(why(tagged, { state: { containers } })).toMatch(/container/);
    expect(why(image("other", ["nginx:2"]), { state: { containers } })).toBeNull();
  });

  it.each([
    `nginx@${d}`,
    `nginx:1@${d}`,
    `docker.io/library/nginx:1@${d}`,
    sha("cached"),
    sha("cached").slice("sha256:".length, 19),
  ])("protects what it names as %s", (reference) => {
    expect(why(cached, { state: { containers: [container("gone", reference)] } })).toMatch(/container/);
  });

  it("does not protect a digest that its tag does not name", () => {
    expect(why(cached, { state: { containers: [container("gone", `nginx:1@${e}`)] } })).toBeNull();
    expect(why(cached, { state: { containers: [container("gone", "nginx:1")] } })).toBeNull();
  });
});

describe("a service", () => {
  it("protects the digest in its spec, in whatever repository, and the tag", () => {
    const services = [service(`nginx:1@${d}`)];
    expect(why(cached, { state: { services } })).toBe("named by the service web");
    expect(why(image("mirrored", [`ghcr.io/mirror/nginx@${d}`]), { state: { services } })).toMatch(/service/);
    expect(why(tagged, { state: { services } })).toMatch(/service/);
    expect(why(image("other", [`nginx@${e}`]), { state: { services } })).toBeNull();
    expect(why(image("next", ["nginx:2"]), { state: { services } })).toBeNull();
  });

  it("protects by the manifest's digest where that is the image's ID", () => {
    const services = [service(`nginx:1@${sha("byId")}`)];
    expect(why(image("byId", ["other:1"]), { state: { services } })).toMatch(/service/);
  });

  it("protects what its previous spec names, to which a rollback returns", () => {
    const services = [service("redis:7", { previousImage: `nginx:1@${d}` })];
    expect(why(cached, { state: { services } })).toBe("named by the previous spec of the service web");
  });

  it("protects the image of a service that is scaled to nothing", () => {
    expect(why(tagged, { state: { services: [service("nginx:1", { desired: 0, running: 0 })] } })).toMatch(
      /service/,
    );
  });

  it("protects every cached image of the repository when its digest was not resolved", () => {
    expect(why(cached, { state: { services: [service("nginx:1")] } })).toMatch(/service/);
  });
});

describe("a pin", () => {
  const pinned = [{ image: "nginx:1", by: "the recipe shop" }];
  const resolvesTo = (digest: string, at = now - day, since = now - 60 * day) => ({
    since,
    resolved: { "library/nginx:1": { digest, at } },
  });

  it("of a tag protects the image that carries it", () => {
    expect(why(tagged, { rules: { pinned } })).toBe("pinned by the recipe shop");
    expect(why(image("next", ["nginx:2"]), { rules: { pinned } })).toBeNull();
  });

  it.each(["docker.io/nginx:1", "library/nginx:1", "index.docker.io/library/nginx:1"])(
    "of a tag may be written as %s",
    (reference) => {
      const rules = { pinned: [{ image: reference, by: "x" }] };
      expect(why(tagged, { rules })).toBe("pinned by x");
      expect(why(cached, { rules, record: resolvesTo(d) })).toBe("pinned by x");
      expect(why(image("other", ["org/nginx:1"]), { rules })).toBeNull();
    },
  );

  it("without a tag is of latest", () => {
    const rules = { pinned: [{ image: "nginx", by: "x" }] };
    expect(why(image("latest", ["nginx:latest"]), { rules })).toBe("pinned by x");
    expect(why(tagged, { rules })).toBeNull();
  });

  it("of a tag protects the digest that it was last seen to resolve to, and no other", () => {
    expect(why(cached, { rules: { pinned }, record: resolvesTo(d) })).toMatch(/pinned/);
    expect(why(cached, { rules: { pinned }, record: resolvesTo(e) })).toBeNull();
  });

  it("of a tag protects all cached images of the repository when no digest is known", () => {
    expect(why(cached, { rules: { pinned } })).toMatch(/pinned/);
    expect(why(image("other", [`redis@${d}`]), { rules: { pinned } })).toBeNull();
    expect(why(image("carries", ["nginx:2", `nginx@${e}`]), { rules: { pinned } })).toBeNull();
    expect(why(image("elsewhere", ["other:2", `nginx@${e}`]), { rules: { pinned } })).toMatch(/pinned/);
  });

  it("trusts no resolution from before a gap, in which the tag may have moved", () => {
    const moved = resolvesTo(e, now - 3 * day, now - 2 * day);
    expect(why(cached, { rules: { pinned }, record: moved })).toMatch(/pinned/);
    expect(why(cached, { rules: { pinned }, record: { ...moved, since: now - 3 * day } })).toBeNull();
  });

  it("goes by the digest of names with a tag and a digest", () => {
    const old = image("old", [`nginx:1@${d}`]);
    expect(why(old, { rules: { pinned } })).toMatch(/pinned/);
    expect(why(old, { rules: { pinned }, record: resolvesTo(d) })).toMatch(/pinned/);
    expect(why(old, { rules: { pinned }, record: resolvesTo(e) })).toBeNull();
  });

  it("of a digest protects that digest", () => {
    const rules = { pinned: [{ image: `nginx@${d}`, by: "x" }] };
    expect(why(cached, { rules })).toBe("pinned by x");
    expect(why(image("other", [`nginx@${e}`]), { rules })).toBeNull();
  });

  it("with a variable protects all that it may mean, whatever it was seen to resolve to", () => {
    const rules = { pinned: [{ image: "nginx:*", by: "x" }] };
    expect(why(tagged, { rules })).toBe("pinned by x");
    expect(why(cached, { rules, record: resolvesTo(e) })).toBe("pinned by x");
    expect(why(image("other", ["redis:1"]), { rules })).toBeNull();
  });
});

describe("an image with many names", () => {
  const many = image("many", ["old:1", "ghcr.io/org/app:3", `redis@${d}`]);

  it.each([
    [{ state: { services: [service("ghcr.io/org/app:3")] } }, /service/],
    [{ state: { services: [service(`redis:7@${d}`)] } }, /service/],
    [{ rules: { keep: ["old"] } }, /the rule old/],
    [{ rules: { pinned: [{ image: "redis:7", by: "x" }] } }, /pinned by x/],
    [{ state: { containers: [container("gone", "old:1")] } }, /container/],
  ])("is protected by any of them: %j", (changes, reason) => {
    expect(why(many, changes)).toMatch(reason);
  });

  it("is told the reason that is nearest to its use", () => {
    const state = { containers: [container("many", "x")], services: [service("old:1")] };
    const rules = { keep: ["old"], pinned: [{ image: "old:1", by: "x" }] };
    expect(why(many, { state, rules })).toMatch(/container/);
    expect(why(many, { state: { services: state.services }, rules })).toMatch(/service/);
    expect(why(many, { rules })).toMatch(/rule/);
  });
});
