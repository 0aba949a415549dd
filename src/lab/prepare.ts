import { ensureBusyboxImage } from "./busybox.ts";
import { openOuterEngine } from "./outer-engine.ts";
import { reportFailure, step } from "./progress.ts";
import { defaultLab, ensureLabImage } from "./rootfs.ts";

/** What ./setup runs once an engine answers: makes the images that the lab needs. */
try {
  const docker = await openOuterEngine();
  const lab = await ensureLabImage(docker, defaultLab, step);
  await ensureBusyboxImage(docker, lab, step);
} catch (error) {
  process.exitCode = reportFailure(error);
}
