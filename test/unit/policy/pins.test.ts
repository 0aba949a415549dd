import { describe, expect, it } from "vitest";
import { namesOf } from "../../../src/policy/images.ts";
import { openPin, pinnedImages } from "../../../src/policy/pins.ts";
import { image, sha } from "./hosts.ts";

const compose = (...images: string[]) =>
  `services:\n${images.map((text, i) => `  s${i}:\n    image: ${JSON.stringify(text)}\n`).join("")}`;

describe("pinnedImages", () => {
  it("names the image of each service once", () => {
    expect(pinnedImages(compose("nginx:1", `redis@${sha("r")}`, "nginx:1"))).toEqual([
      "nginx:1",
      `redis@${sha("r")}`,
    ]);
  });

  it.each([
    [`nginx:\${TAG}`, "nginx:*"],
    ["nginx:$TAG", "nginx:*"],
    [`nginx:\${TAG:-1.27}`, "nginx:1.27"],
    [`nginx:\${TAG-1.27}`, "nginx:1.27"],
    [`nginx:\${TAG:?set it}`, "nginx:*"],
    [`nginx:\${TAG?set it}`, "nginx:*"],
    [`nginx\${TAG:+:1}`, "nginx*"],
    [`\${REGISTRY:-ghcr.io/a}/b:\${A}.\${B}`, "ghcr.io/a/b:*.*"],
    [`nginx:\${A:-\${B:-2}}`, "nginx:2"],
    [`nginx:\${A:-\${B}-alpine}`, "nginx:*-alpine"],
    [`nginx:\${A}\${B}`, "nginx:*"],
    [`\${IMAGE}`, "*"],
    [`nginx:1\${BROKEN`, "nginx:1*"],
    [`nginx:\${TAG:-}`, "nginx:"],
  ])("takes %s for %s", (text, pin) => {
    expect(pinnedImages(compose(text))).toEqual([pin]);
  });

  it("follows anchors and merge keys, and puts up with compose's own tags", () => {
    const text =
      "x-app: &app\n  image: org/app:3\nservices:\n  web:\n    <<: *app\n    ports: !reset []\n  job:\n    image: !override org/job:1\n";
    expect(pinnedImages(text)).toEqual(["org/app:3", "org/job:1"]);
  });

  it.each([
    ["", "an empty file"],
    ["version: '3.8'\n", "a file without services"],
    ["services:\n", "empty services"],
    ["services:\n  web:\n  db:\n    build: .\n", "services without an image"],
  ])("finds nothing in %j, %s", (text) => {
    expect(pinnedImages(text)).toEqual([]);
  });

  it.each([
    ["services: [", /not YAML/],
    ["services:\n  web:\n    image: 5\n", /not a compose file.*image/s],
    ["- image: nginx\n", /not a compose file/],
    ["services:\n  - image: nginx\n", /not a compose file/],
  ])("refuses %j, because nobody knows what it pins", (text, message) => {
    expect(() => pinnedImages(text)).toThrow(message);
  });
});

describe("openPin", () => {
  const names = (...all: string[]) => namesOf(image("x", all));

  it.each([
    ["nginx:*", ["nginx:1"]],
    ["nginx:*", [`nginx@${sha("d")}`]],
    ["docker.io/library/nginx:*", ["nginx:1"]],
    ["library/nginx:*", ["nginx:1"]],
    ["nginx:1.*-alpine", ["nginx:1.27-alpine"]],
    ["*/app:1", ["ghcr.io/org/team/app:1"]],
    ["*/app:1", ["org/app:1"]],
    ["*nginx:1", ["nginx:1"]],
    ["*:5000/app:1", ["localhost:5000/app:1"]],
    ["org/app*", ["org/app-web:3"]],
    ["*/app", ["org/app:latest"]],
    ["*", ["ghcr.io/a/b:3"]],
    ["*", [`ghcr.io/a/b@${sha("d")}`]],
    [`*/app@${sha("d")}`, [`org/app@${sha("d")}`]],
    ["nginx:*", ["other:1", `nginx@${sha("d")}`]],
    ["nginx:1.*", [`nginx:2.0@${sha("d")}`]],
  ])("%s may mean %j", (pin, all) => {
    expect(openPin(pin)(names(...all))).toBe(true);
  });

  it.each([
    ["nginx:*", ["nginx2:1"]],
    ["nginx:*", ["org/nginx:1"]],
    ["nginx:1.*-alpine", ["nginx:1.27"]],
    ["nginx:1.*", ["nginx:1x27"]],
    ["nginx:1.*", ["nginx:2.0", `nginx@${sha("d")}`]],
    ["*/app:1", ["org/app:2"]],
    ["*/app", ["org/app:2"]],
    [`*/app@${sha("d")}`, [`org/app@${sha("e")}`]],
    ["*", []],
  ])("%s cannot mean %j", (pin, all) => {
    expect(openPin(pin)(names(...all))).toBe(false);
  });
});
