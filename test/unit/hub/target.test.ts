import { expect, test } from "vitest";
import { parseTarget } from "../../../src/hub/target.ts";

const digest = `sha256:${"0".repeat(64)}`;

test.each([
  ["/token?scope=x", "token", null, null],
  ["/v2/", "ping", null, null],
  ["/v2", "ping", null, null],
  ["/v2/library/alpine/manifests/3.20", "manifest", "library/alpine", "3.20"],
  ["/v2/a/b/c__d/manifests/latest", "manifest", "a/b/c__d", "latest"],
  [`/v2/library/alpine/manifests/${digest}`, "manifest", "library/alpine", digest],
  [`/v2/library/alpine/blobs/${digest}`, "blob", "library/alpine", digest],
  [`/v2/a/blobs/blobs/${digest}`, "blob", "a/blobs", digest],
  ["/v2/library/alpine/tags/list?n=2", "tags", "library/alpine", null],
  ["/v2/library/alpine/blobs/uploads/", "other", "library/alpine", null],
  ["/v2/library/alpine/blobs/latest", "other", "library/alpine", null],
  [`/v2/library/alpine/referrers/${digest}`, "other", "library/alpine", null],
  ["/v2/library/Alpine/manifests/3", "other", null, null],
  ["/v2/../secret/manifests/3", "other", null, null],
  ["/v2/library/%2e%2e/manifests/3", "other", null, null],
  ["/v2/library/alpine/manifests/a/b", "other", "library/alpine", null],
  ["/v2/_catalog", "other", null, null],
  ["//", "other", null, null],
])("%s is a %s", (url, endpoint, repository, reference) => {
  expect(parseTarget("docker.io", url)).toMatchObject({ endpoint, repository, reference });
});

test.each([
  ["registry-1.docker.io", "registry-1.docker.io"],
  ["Auth.Docker.io:443", "auth.docker.io"],
  ["example.org", null],
  ["evil-registry-1.docker.io", null],
  [undefined, null],
])("the host %s is %s", (header, host) => {
  expect(parseTarget(header, "/").host).toBe(host);
});
