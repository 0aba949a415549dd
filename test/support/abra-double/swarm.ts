import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** What there is in the swarm of the docker double, and how it came to be: the lists that docker-double keeps. */
export interface Swarm {
  services: { stack: string; name: string; image: string; up: boolean; update: string | null }[];
  volumes: { stack: string; name: string }[];
  secrets: { name: string; bytes: number }[];
  /** Command lines, in order. */
  calls: string[];
  /** The variables of the last deploy. */
  env: Record<string, string>;
}

/** Reads the swarm whose lists lie in a folder. */
export function readSwarm(folder: string): Swarm {
  return {
    services: rows(folder, "services").map(([stack = "", name = "", image = "", state, update = "none"]) => ({
      stack,
      name,
      image,
      up: state === "up",
      update: update === "none" ? null : update,
    })),
    volumes: rows(folder, "volumes").map(([stack = "", name = ""]) => ({ stack, name })),
    secrets: rows(folder, "secrets").map(([name = "", bytes]) => ({ name, bytes: Number(bytes) })),
    calls: lines(folder, "calls"),
    env: Object.fromEntries(
      read(folder, "env")
        .split("\0")
        .map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1)]),
    ),
  };
}

/** Removes what a list has under a name, as the engine's API does. */
export function removeFrom(folder: string, list: "volumes" | "secrets", name: string): void {
  const left = lines(folder, list).filter((line) => !line.split(" ").includes(name));
  writeFileSync(join(folder, list), left.map((line) => `${line}\n`).join(""));
}

function read(folder: string, list: string): string {
  const path = join(folder, list);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

const lines = (folder: string, list: string) => read(folder, list).split("\n").filter(Boolean);
const rows = (folder: string, list: string) => lines(folder, list).map((line) => line.split(" "));
