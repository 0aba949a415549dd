import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { backdate } from "../../../src/hub/backdate.ts";
import { storedImage } from "../../../src/hub/stored.ts";
import { tempFolder } from "../../support/temp.ts";
import { manifestType } from "./images.ts";
import { digestOf } from "./registry-double.ts";

const path = "/v2/pullproof/store";
const configType = "application/vnd.docker.container.image.v1+json";
const layers = [
  {
    mediaType: "application/vnd.docker.image.rootfs.diff.tar.gzip",
    digest: digestOf(Buffer.from("l")),
    size: 1,
  },
];
const created = new Date("2025-10-19T12:00:00Z");

/** Stands in for a registry that takes what is pushed: by digest only what has it, manifests by tag and by digest. */
async function registryDouble() {
  const socket = join(tempFolder(), "registry.sock");
  const content = new Map<string, Buffer>();
  const types = new Map<string, string>();
  const refused: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const { method = "" } = request;
      const url = new URL(request.url ?? "", "http://registry");
      const body = await buffer(request);
      const answer = (status: number, headers: Record<string, string> = {}, text: Buffer | string = "") => {
        response.writeHead(status, headers);
        response.end(text);
      };
      const stored = content.get(url.pathname);
      if (method === "GET") {
        if (stored === undefined) return answer(404, {}, "unknown");
        return answer(200, { "content-type": types.get(url.pathname) ?? "application/octet-stream" }, stored);
      }
      // As distribution does, it tells an address with a state of its own in the query.
      if (method === "POST")
        return answer(202, { location: `http://registry${path}/blobs/uploads/7?_state=x` });
      if (url.pathname.includes("/uploads/")) {
        const digest = url.searchParams.get("digest");
        if (digest !== digestOf(body) || url.searchParams.get("_state") !== "x") {
          refused.push(url.href);
          return answer(400, {}, "DIGEST_INVALID");
        }
        content.set(`${path}/blobs/${digest}`, body);
        return answer(201);
      }
      const { config } = JSON.parse(body.toString()) as { config: { digest: string } };
      if (!content.has(`${path}/blobs/${config.digest}`)) return answer(400, {}, "MANIFEST_BLOB_UNKNOWN");
      types.set(url.pathname, request.headers["content-type"] ?? "");
      content.set(url.pathname, body);
      return answer(201);
    })();
  });
  server.listen(socket);
  await once(server, "listening");
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  });
  const read = (name: string) => JSON.parse(content.get(`${path}/${name}`)?.toString() ?? "null");
  return { socket, content, types, refused, read };
}

type Registry = Awaited<ReturnType<typeof registryDouble>>;

/** Stores an image under a tag, as a push of it does. */
function put({ content, types }: Registry, config: object, more: object = {}): void {
  const text = Buffer.from(JSON.stringify(config));
  content.set(`${path}/blobs/${digestOf(text)}`, text);
  const manifest = {
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: configType, digest: digestOf(text), size: text.length },
    layers,
    ...more,
  };
  types.set(`${path}/manifests/1`, manifestType);
  content.set(`${path}/manifests/1`, Buffer.from(JSON.stringify(manifest)));
}

const config = {
  created: "2026-01-02T03:04:05Z",
  architecture: "amd64",
  config: { Labels: { "org.example": "kept" } },
  rootfs: { type: "layers", diff_ids: ["sha256:d"] },
  history: [
    { created: "2026-01-02T03:04:05Z", created_by: "COPY" },
    { created_by: "CMD", empty_layer: true },
  ],
};
const image = { repository: "pullproof/store", tag: "1", variant: "a" };

test("gives an image another time of creation, in its config and in each step of its history", async () => {
  const registry = await registryDouble();
  put(registry, config);
  await backdate(registry.socket, image.repository, image.tag, created);
  const stored = registry.read(`blobs/${registry.read("manifests/1").config.digest}`);
  const time = created.toISOString();
  expect(stored).toEqual({
    ...config,
    created: time,
    history: [
      { created: time, created_by: "COPY" },
      { created: time, created_by: "CMD", empty_layer: true },
    ],
  });
});

test("leaves the layers and all else of the manifest, under the same tag and type, with another digest", async () => {
  const registry = await registryDouble();
  put(registry, config, { annotations: { kept: "yes" } });
  const [before, type] = [
    await storedImage(registry.socket, image),
    registry.types.get(`${path}/manifests/1`),
  ];
  const old = registry.read("manifests/1");
  await backdate(registry.socket, image.repository, image.tag, created);
  const after = await storedImage(registry.socket, image);
  expect(after.layers).toEqual(before.layers);
  expect(after.digest).not.toBe(before.digest);
  expect(after.config).not.toBe(before.config);
  const { config: described, ...rest } = registry.read("manifests/1");
  expect({ ...rest, config: old.config }).toEqual(old);
  expect(described).toEqual({
    mediaType: configType,
    digest: after.config,
    size: registry.content.get(`${path}/blobs/${after.config}`)?.length,
  });
  expect(registry.types.get(`${path}/manifests/1`)).toBe(type);
  expect(registry.refused).toEqual([]);
});

test("makes no history for an image that has none", async () => {
  const registry = await registryDouble();
  const { history, ...without } = config;
  put(registry, without);
  await backdate(registry.socket, image.repository, image.tag, created);
  const stored = registry.read(`blobs/${registry.read("manifests/1").config.digest}`);
  expect(stored).toEqual({ ...without, created: created.toISOString() });
});

test("tells what the registry said to what, and moves no tag then", async () => {
  const registry = await registryDouble();
  await expect(backdate(registry.socket, image.repository, "nope", created)).rejects.toThrow(
    /answered 404 to GET .*manifests\/nope: unknown/,
  );
  put(registry, config);
  const before = registry.read("manifests/1");
  registry.content.delete(`${path}/blobs/${before.config.digest}`);
  await expect(backdate(registry.socket, image.repository, image.tag, created)).rejects.toThrow(/404/);
  expect(registry.read("manifests/1")).toEqual(before);
});
