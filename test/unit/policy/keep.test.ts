import { describe, expect, it } from "vitest";
import { namesOf } from "../../../src/policy/images.ts";
import { keepRule } from "../../../src/policy/keep.ts";
import { image, sha } from "./hosts.ts";

const names = (...all: string[]) => namesOf(image("x", all));

describe("a keep rule", () => {
  it.each([
    ["nginx", "nginx:1"],
    ["nginx", `nginx@${sha("d")}`],
    ["nginx:1", "nginx:1"],
    ["nginx:1.*", "nginx:1.27"],
    ["nginx:1.2[67]", "nginx:1.27"],
    ["{nginx,redis}:*", "redis:7"],
    ["@(nginx|redis):*", "redis:7"],
    ["n+(g|i)nx", "nginx:1"],
    ["!(redis)", "nginx:1"],
    [`nginx@${sha("d").slice(0, 19)}*`, `nginx@${sha("d")}`],
    ["library/nginx:1", "nginx:1"],
    ["docker.io/nginx:1", "nginx:1"],
    ["docker.io/library/nginx:*", "nginx:1"],
    ["nginx:1", "docker.io/library/nginx:1"],
    ["nginx:1", "index.docker.io/nginx:1"],
    ["docker.io/org/*", "org/app:1"],
    ["org/app", "docker.io/org/app:1"],
    ["docker.io/**", "org/app:1"],
    ["ghcr.io/org/**", "ghcr.io/org/team/app:1"],
    ["localhost:5000/*", "localhost:5000/app:1"],
    ["**", `ghcr.io/org/app@${sha("d")}`],
    // As the containerd store of 26.1 names what a swarm pulled.
    ["nginx:1", `nginx:1@${sha("d")}`],
    [`nginx@${sha("d")}`, `nginx:1@${sha("d")}`],
  ])("%s matches %s", (rule, name) => {
    expect(keepRule(rule)(names(name))).toBe(true);
  });

  it.each([
    ["nginx", "nginx2:1"],
    ["nginx", "org/nginx:1"],
    ["nginx", "ghcr.io/nginx:1"],
    ["nginx:1", "nginx:11"],
    ["nginx:1", `nginx@${sha("d")}`],
    ["*", "org/app:1"],
    ["org/*", "org/team/app:1"],
    ["docker.io/**", "ghcr.io/org/app:1"],
    ["NGINX", "nginx:1"],
    ["!redis", "nginx:1"],
    ["[", "nginx:1"],
    [`nginx@${sha("d")}`, `nginx@${sha("e")}`],
  ])("%s does not match %s", (rule, name) => {
    expect(keepRule(rule)(names(name))).toBe(false);
  });

  it("needs one name of many", () => {
    expect(keepRule("redis")(names("old:1", "ghcr.io/a/b:2", `redis@${sha("d")}`))).toBe(true);
    expect(keepRule("**")(names())).toBe(false);
  });
});
