import { ensureGuest } from "../vm/disk.ts";
import { canRunGuest, machineImage } from "../vm/spec.ts";
import { ensureBusyboxImage } from "./busybox.ts";
import { openOuterEngine } from "./outer-engine.ts";
import { reportFailure, step } from "./progress.ts";
import { defaultLab, ensureLabImage } from "./rootfs.ts";

/** What ./setup runs once an engine answers: makes the images that the lab needs, and the virtual machine's disk. */
try {
  const docker = await openOuterEngine();
  const lab = ensureLabImage(docker, defaultLab, step);
  // Each is made by a process of its own: two at a time take little longer than one.
  const made = [lab.then((name) => ensureBusyboxImage(docker, name, step))];
  if (canRunGuest) made.push(ensureLabImage(docker, machineImage, step));
  await Promise.all(made);
  if (canRunGuest) await ensureGuest(docker, step);
} catch (error) {
  process.exitCode = reportFailure(error);
}
