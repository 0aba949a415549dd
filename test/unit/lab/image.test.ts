import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { finished } from "node:stream/promises";
import Docker from "dockerode";
import { afterEach, beforeEach, expect, it } from "vitest";
import { imageNameFor, importImage, requireImage } from "../../../src/lab/image.ts";
import { ExitCode } from "../../../src/model/failure.ts";

/** What the stand-in for an engine saw: whole requests, and imports that were cut off. */
const seen: string[] = [];

const server = createServer((request, response) => {
  const url = decodeURIComponent(request.url ?? "");
  text(request).then(
    (body) => {
      seen.push(`${request.method} ${url} ${body}`.trim());
      if (request.method === "GET") response.writeHead(404).end("{}");
      else if (url.startsWith("/images/create")) response.end('{"status":"sha256:abc"}\n');
      else response.writeHead(201).end();
    },
    () => seen.push("cut off"),
  );
});

let folder: string;
let docker: Docker;

beforeEach(async () => {
  seen.length = 0;
  folder = mkdtempSync(join(tmpdir(), "pullproof-test-"));
  const socketPath = join(folder, "s");
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  docker = new Docker({ socketPath });
});

afterEach(async () => {
  await new Promise((resolve) => server.close(resolve));
  rmSync(folder, { recursive: true });
});

it("names an image for its recipe", () => {
  expect(imageNameFor("a/b", { x: 1 })).toMatch(/^a\/b:[0-9a-f]{12}$/);
  expect(imageNameFor("a/b", { x: 1 })).toBe(imageNameFor("a/b", { x: 1 }));
  expect(imageNameFor("a/b", { x: 1 })).not.toBe(imageNameFor("a/b", { x: 2 }));
});

it("imports a whole tar with pullproof's label, and names it then", async () => {
  await importImage(docker, "a/b:1", Readable.from(["ta", "r"]), ["CMD x"], Promise.resolve());
  expect(seen).toEqual([
    "POST /images/create?changes=LABEL org.pullproof=true&changes=CMD x&fromSrc=- tar",
    'POST /images/sha256:abc/tag?repo=a/b&tag=1 {"repo":"a/b","tag":"1"}',
  ]);
});

it("connects to the engine only once the tar begins: it does not wait for ever", async () => {
  let connections = 0;
  const count = () => (connections += 1);
  server.on("connection", count);
  const tar = new PassThrough();
  const imported = importImage(docker, "a/b:1", tar, [], finished(tar));
  await requireImage(docker, "none").catch(() => {});
  server.off("connection", count);
  expect(connections).toBe(1);
  tar.end("late");
  await imported;
  expect(seen).toContainEqual(expect.stringMatching(/^POST .* late$/));
});

it("says why a tar did not even begin", async () => {
  const tar = new PassThrough();
  await expect(importImage(docker, "a/b:1", tar, [], Promise.reject(new Error("no tar")))).rejects.toThrow(
    "no tar",
  );
  expect(seen).toEqual([]);
});

it("cuts the import off when the tar turns out to be torn", async () => {
  const torn = new Promise<void>((_, reject) => setTimeout(() => reject(new Error("torn")), 50));
  await expect(importImage(docker, "a/b:1", Readable.from(["ta"]), [], torn)).rejects.toThrow("torn");
  await expect.poll(() => seen).toEqual(["cut off"]);
});

it("sends the user to ./setup when an image is not there", async () => {
  await expect(requireImage(docker, "a/b:1")).rejects.toMatchObject({
    exitCode: ExitCode.unavailable,
    next: "./setup",
  });
});
