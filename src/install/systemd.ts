import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { singleQuoted } from "../shell.ts";
import type { PlannedFile, WantedFile } from "./plan.ts";
import type { Target } from "./target.ts";
import { enabledUnits, type Program, renderUnit, unitNames } from "./units.ts";

const packaging = fileURLToPath(new URL("../../packaging", import.meta.url));

/** The units that start a program, and settings that show the defaults. */
export function systemdFiles(target: Target, program: Program): WantedFile[] {
  const units = unitNames.map((name) => ({
    path: join(target.units, name),
    content: renderUnit(readFileSync(join(packaging, "systemd", name), "utf8"), program),
    once: false,
  }));
  const content = readFileSync(join(packaging, "prune.yaml"), "utf8");
  return [...units, { path: target.settings, content, once: true }];
}

/** The commands to run once a plan is carried out, in this order. */
export function nextCommands({ root, units }: Target, plan: readonly PlannedFile[]): string[] {
  const enabled = enabledUnits.join(" ");
  // Of an image that is being built nothing runs yet.
  if (root !== "/") return [`systemctl --root=${quoted(root)} enable ${enabled}`];
  const watcher = join(units, "pullproof-watch.service" satisfies (typeof unitNames)[number]);
  const changed = plan.some(({ path, state }) => path === watcher && state === "changed");
  return [
    "systemctl daemon-reload",
    `systemctl enable --now ${enabled}`,
    // One that runs already goes on as it was started.
    ...(changed ? ["systemctl try-restart pullproof-watch.service"] : []),
  ];
}

/** A path as one word for a shell. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : singleQuoted(path);
}
