import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { extract, pack } from "tar-fs";
import { hasImage, imageNameFor, importImage, type Log } from "./image.ts";
import { labels } from "./labels.ts";

/** Where Debian's busybox-static puts its binary. */
const BINARY = "/usr/bin/busybox";

/** Part of the image's name: raise it when the layout below changes. */
const LAYOUT = 1;

/** The name of the static busybox base image that is taken from the lab image `lab`; builds nothing. */
export function busyboxImage(lab: string): string {
  return imageNameFor("pullproof/busybox", { lab, LAYOUT });
}

/**
 * Makes the base of the fixture images unless the engine has it: the static busybox of the lab image `lab`,
 * which the engine must have, with its applets under /bin. Returns the image's name.
 */
export async function ensureBusyboxImage(docker: Docker, lab: string, log: Log): Promise<string> {
  const name = busyboxImage(lab);
  if (await hasImage(docker, name)) {
    log(`busybox image: ${name} is there`);
    return name;
  }
  log(`busybox image: making ${name}`);
  const root = await mkdtemp(join(tmpdir(), "pullproof-busybox-"));
  try {
    await layOut(docker, lab, root);
    const tar = pack(root, { map: (header) => ({ ...header, uid: 0, gid: 0, mode: modeOf(header.name) }) });
    await importImage(docker, name, Readable.from(tar), ['CMD ["sh"]'], Promise.resolve());
  } finally {
    await rm(root, { recursive: true, force: true });
  }
  return name;
}

/** Set here, because on disk the umask decides. */
function modeOf(path: string): number {
  if (path === "tmp") return 0o1777;
  return path.startsWith("etc/") ? 0o644 : 0o755;
}

async function layOut(docker: Docker, lab: string, root: string): Promise<void> {
  for (const dir of ["bin", "etc", "root", "tmp"]) await mkdir(join(root, dir));
  // Never started: a container is the only way to read a file out of an image.
  const container = await docker.createContainer({ Image: lab, Labels: { [labels.own]: "true" } });
  try {
    const archive = await container.getArchive({ path: BINARY });
    await pipeline(archive, extract(join(root, "bin")));
  } finally {
    await container.remove({ force: true });
  }
  const { stdout } = await promisify(execFile)(join(root, "bin/busybox"), ["--list"]);
  for (const applet of stdout.trim().split("\n")) {
    if (applet !== "busybox") await symlink("busybox", join(root, "bin", applet));
  }
  await writeFile(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
  await writeFile(join(root, "etc/group"), "root:x:0:\n");
}
