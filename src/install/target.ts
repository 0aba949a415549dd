import { constants, existsSync, realpathSync, statSync } from "node:fs";
import { access } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pruneSettingsFile } from "../config/prune-settings.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import type { Program } from "./units.ts";
import { unwritable } from "./write.ts";

/** Where an installation goes. */
export interface Target {
  /** The folder that will be `/` for the units: `/` itself on a running machine. */
  root: string;
  /** The folder of a host's own units. */
  units: string;
  /** The prune policy's settings. */
  settings: string;
}

/**
 * Opens a machine, or an image that is being built, for an installation. Throws a Failure (unavailable) when it has
 * no folder for units, or when this user may not write there.
 */
export async function openTarget(given: string): Promise<Target> {
  const root = resolve(given);
  const target = { root, units: join(root, "etc/systemd/system"), settings: join(root, pruneSettingsFile) };
  if (!statSync(target.units, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Failure(ExitCode.unavailable, {
      what: "there is no folder for systemd units",
      seen: `${target.units} is no folder`,
      next: "run it on a machine that has systemd, or name the root of such a system: pullproof install --systemd --root DIR",
    });
  }
  for (const folder of [target.units, dirname(target.settings)]) {
    const there = existing(folder);
    requireBelow(root, there);
    await access(there, constants.W_OK).catch((thrown) => {
      throw unwritable(there, thrown);
    });
  }
  return target;
}

/** A program as it is named from within a root. A program outside of it is named as it is. */
export function programWithin(root: string, program: Program): Program {
  return { node: withinRoot(root, program.node), main: withinRoot(root, program.main) };
}

/** Whether a path leads to something in a root. */
export function isBelow(root: string, path: string): boolean {
  return relative(realpathSync(root), realpathSync(path)).split(sep)[0] !== "..";
}

function withinRoot(root: string, path: string): string {
  return isBelow(root, path) ? resolve("/", relative(realpathSync(root), realpathSync(path))) : path;
}

/** The folder, or the nearest above it that is there already. */
function existing(folder: string): string {
  return existsSync(folder) ? folder : existing(dirname(folder));
}

/** An image's links are meant for the image: from outside they lead to the machine that builds it. */
function requireBelow(root: string, folder: string): void {
  if (isBelow(root, folder)) return;
  throw new Failure(ExitCode.unavailable, {
    what: "a folder of that root leads out of it",
    seen: `${folder} is ${realpathSync(folder)}`,
    next: "replace the symbolic link by a relative one, or run pullproof install --systemd inside of that root",
  });
}
