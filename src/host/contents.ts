import { cp, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Pack, pack } from "tar-fs";
import { stringify } from "yaml";
import type { LabPlace } from "../lab/container.ts";

/** How an engine stores images; Docker's names for the two implementations. */
export type ImageStore = "graphdriver" | "containerd";

/** What every host of a run is started with, whatever its kind. */
export interface HostOptions extends LabPlace {
  /** As evidence names the host. */
  name: string;
  imageStore: ImageStore;
  /** PEM of the authority that the host has to trust for docker.io to answer. */
  ca: string;
  /** Images that the operator of the host never wants removed, as keep rules of the reference policy. */
  keep: readonly string[];
}

/** This very pullproof, with its packages and the Node among them. */
const project = fileURLToPath(new URL("../..", import.meta.url));

/** Where a run puts its files on a host that is its own. */
export const ownFolder = "/opt/pullproof";

/** Where a host has it. */
const installed = "/usr/lib/pullproof";

/**
 * Mounts that install pullproof in a container. The host runs the reference policy as an operator's host does: the
 * shipped command, on the host itself. What `pullproof` runs from is copied into `folder`: what is changed in the
 * clone during a run must not change the host under test.
 */
export async function projectMounts(
  folder: string,
): Promise<{ source: string; target: string; mode: "ro" }[]> {
  const copy = join(folder, "pullproof");
  await mkdir(join(copy, "node_modules"), { recursive: true });
  for (const part of ["package.json", "src", "suites", "fixtures/recipes", "fixtures/policies"])
    await cp(join(project, part), join(copy, part), { recursive: true });
  return [
    { source: copy, target: installed, mode: "ro" },
    { source: join(project, "node_modules"), target: join(installed, "node_modules"), mode: "ro" },
  ];
}

/** The engine's daemon.json, with what a kind of host needs beyond the others. */
export function daemonSettings({ imageStore }: HostOptions, more: object = {}): string {
  return JSON.stringify({ features: { "containerd-snapshotter": imageStore === "containerd" }, ...more });
}

/** The settings file of the reference policy. */
export function pruneSettings({ keep }: HostOptions): string {
  return stringify({ keep });
}

/** A tar of a folder's content that unpacks, at the root, into `target`, which the tar itself makes. */
export function packBelow(target: string, folder: string): Pack {
  return pack(folder, { map: (header) => ({ ...header, name: join(target, header.name) }) });
}

/** The command that unpacks such a tar from its standard input. */
export const unpack: string[] = ["tar", "--extract", "--no-same-owner", "--directory", "/"];
