import { createHash } from "node:crypto";
import { Agent, type Dispatcher, request } from "undici";
import * as z from "zod";
import { manifestTypes } from "./stored.ts";

const manifest = z.looseObject({
  mediaType: z.string(),
  config: z.looseObject({ digest: z.string(), size: z.number() }),
});

const config = z.looseObject({
  created: z.string(),
  history: z.array(z.looseObject({ created: z.string().optional() })).optional(),
});

/**
 * Stores an image of the registry anew under its tag, with another time of creation in its config, and so with
 * another digest; the layers stay as they are. Prune commands that ask for an age (`--filter until=24h`) go by
 * this time.
 */
export async function backdate(
  registrySocket: string,
  repository: string,
  tag: string,
  created: Date,
): Promise<void> {
  const dispatcher = new Agent({ connect: { socketPath: registrySocket } });
  const ask = async (method: Dispatcher.HttpMethod, path: string, body?: string, type?: string) => {
    const answer = await request(new URL(path, "http://registry"), {
      dispatcher,
      method,
      headers: { accept: manifestTypes.join(", "), ...(type === undefined ? {} : { "content-type": type }) },
      ...(body === undefined ? {} : { body }),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`the hub's registry answered ${answer.statusCode} to ${method} ${path}: ${text}`);
    return { text, location: String(answer.headers.location ?? "") };
  };
  try {
    const path = `/v2/${repository}/manifests/${tag}`;
    const image = manifest.parse(JSON.parse((await ask("GET", path)).text));
    const stored = await ask("GET", `/v2/${repository}/blobs/${image.config.digest}`);
    const old = config.parse(JSON.parse(stored.text));
    const time = created.toISOString();
    const history = old.history?.map((step) => ({ ...step, created: time }));
    const text = JSON.stringify({ ...old, created: time, ...(history === undefined ? {} : { history }) });
    const digest = `sha256:${createHash("sha256").update(text).digest("hex")}`;
    const { location } = await ask("POST", `/v2/${repository}/blobs/uploads/`);
    const upload = new URL(location, "http://registry");
    upload.searchParams.set("digest", digest);
    await ask("PUT", `${upload.pathname}${upload.search}`, text, "application/octet-stream");
    const changed = { ...image, config: { ...image.config, digest, size: Buffer.byteLength(text) } };
    await ask("PUT", path, JSON.stringify(changed), image.mediaType);
  } finally {
    await dispatcher.close();
  }
}
