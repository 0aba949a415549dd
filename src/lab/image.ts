import { createHash } from "node:crypto";
import { once } from "node:events";
import { PassThrough, type Readable } from "node:stream";
import { finished } from "node:stream/promises";
import type Docker from "dockerode";
import { ExitCode, Failure } from "../model/failure.ts";
import { nullIfMissing } from "../not-found.ts";
import { labels } from "./labels.ts";

/** Called with one line, without a newline, for each step that takes time. */
export type Log = (line: string) => void;

/**
 * `name:tag` of an image that is built from `recipe`: the tag is the start of the recipe's SHA-256, so a
 * changed recipe is another image, and an unchanged one is never built twice.
 */
export function imageNameFor(name: string, recipe: unknown): string {
  return `${name}:${createHash("sha256").update(JSON.stringify(recipe)).digest("hex").slice(0, 12)}`;
}

/** Whether the engine has the image. */
export async function hasImage(docker: Docker, name: string): Promise<boolean> {
  return (await nullIfMissing(docker.getImage(name).inspect())) !== null;
}

/** Returns `name`, or throws a Failure that sends the user to ./setup when the engine lacks that image. */
export async function requireImage(docker: Docker, name: string): Promise<string> {
  if (await hasImage(docker, name)) return name;
  throw new Failure(ExitCode.unavailable, {
    what: "the lab is not set up",
    seen: `the Docker engine has no image ${name}`,
    next: "./setup",
  });
}

/**
 * Imports a root file system as the image `name`, labelled as pullproof's own. `complete` settles once it is
 * known whether the whole of `tar` was delivered. An engine takes a torn tar for a short one, so only then does
 * the request end, and it is cut off when `complete` or `tar` fails.
 */
export async function importImage(
  docker: Docker,
  name: string,
  tar: Readable,
  changes: string[],
  complete: Promise<void>,
): Promise<void> {
  // An engine waits five minutes for a request to begin (ReadHeaderTimeout in moby's dockerd), and a tar may take longer.
  await Promise.race([once(tar, "readable"), complete]);
  const body = new PassThrough();
  tar.pipe(body, { end: false });
  const cut = new AbortController();
  const delivered = complete.then(() => finished(tar, { writable: false })).then(() => body.end());
  const imported = docker
    .importImage(body, {
      changes: [`LABEL ${labels.own}=true`, ...changes],
      abortSignal: cut.signal,
    })
    .then((stream) => followProgress(docker, stream));
  try {
    const [progress] = await Promise.all([imported, delivered]);
    const id = progress.findLast((message) => message.status?.startsWith("sha256:"))?.status;
    if (id === undefined) throw new Error(`the engine named no image after the import of ${name}`);
    const [repo = "", tag = ""] = name.split(":");
    await docker.getImage(id).tag({ repo, tag });
  } finally {
    cut.abort();
    tar.destroy();
  }
}

/** One line of an engine's progress stream. */
export interface ProgressMessage {
  status?: string;
  error?: string;
}

/**
 * Waits for the end of an engine's progress stream and returns its lines. The engine answers 200 and reports a
 * failure as a line of the stream, so every line is looked at; a reported failure is thrown.
 */
export function followProgress(docker: Docker, stream: NodeJS.ReadableStream): Promise<ProgressMessage[]> {
  return new Promise((resolve, reject) => {
    docker.modem.followProgress(stream, (thrown: Error | null, messages: ProgressMessage[]) => {
      const error = thrown?.message ?? messages.find((message) => message.error !== undefined)?.error;
      if (error === undefined) resolve(messages);
      else reject(new Error(error));
    });
  });
}
