import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type Docker from "dockerode";
import { cacheFolder } from "../lab/cache.ts";
import type { Log } from "../lab/image.ts";
import { labels } from "../lab/labels.ts";
import { ensureLabImage, labImage } from "../lab/rootfs.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { guestSystem } from "./spec.ts";

/** Turns the system that it runs in into the guest, and writes its disk and kernel. */
const script = fileURLToPath(new URL("guest.sh", import.meta.url));

/** The folder that holds the guest's `disk.img` and `vmlinuz`, named after what they are made from; makes nothing. */
export function guestFolder(env: NodeJS.ProcessEnv = process.env): string {
  const key = createHash("sha256").update(labImage(guestSystem)).update(readFileSync(script));
  return join(cacheFolder(env), "vm", key.digest("hex").slice(0, 12));
}

/** Returns the guest's folder, or throws a Failure that sends the user to ./setup when it is not made. */
export function requireGuest(): string {
  const folder = guestFolder();
  if (existsSync(folder)) return folder;
  throw new Failure(ExitCode.unavailable, {
    what: "the virtual machine is not set up",
    seen: `there is no ${folder}`,
    next: "./setup, or leave the machine out: npm run verify -- --quick",
  });
}

/** Makes the guest's disk and kernel unless they are there. What they are installed from is not kept. */
export async function ensureGuest(docker: Docker, log: Log): Promise<void> {
  const folder = guestFolder();
  if (existsSync(folder)) {
    log(`virtual machine: ${folder} is there`);
    return;
  }
  const image = await ensureLabImage(docker, guestSystem, log);
  log("virtual machine: making its disk");
  await mkdir(dirname(folder), { recursive: true });
  const made = await mkdtemp(`${folder}.`);
  try {
    await makeDisk(docker, image, made);
    // Never seen half made.
    await rename(made, folder);
  } catch (thrown) {
    await rm(made, { recursive: true, force: true });
    throw thrown;
  }
  await docker.getImage(image).remove();
  log(`virtual machine: ${folder} is made`);
}

async function makeDisk(docker: Docker, image: string, folder: string): Promise<void> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ["sh", "/guest.sh", "/made", `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`],
    Labels: { [labels.own]: "true" },
    HostConfig: { NetworkMode: "none", Binds: [`${folder}:/made`, `${script}:/guest.sh:ro`] },
  });
  try {
    await container.start();
    const { StatusCode } = await container.wait();
    if (StatusCode === 0) return;
    const log = await container.logs({ stdout: true, stderr: true, tail: 10 });
    throw new Failure(ExitCode.unavailable, {
      what: "the disk of the virtual machine could not be made",
      seen: `guest.sh ended with code ${StatusCode}: ${log.toString().trim()}`,
      next: "see to it that there is room for 2 GB in the cache folder, then run ./setup again",
    });
  } finally {
    await container.remove({ force: true, v: true });
  }
}
