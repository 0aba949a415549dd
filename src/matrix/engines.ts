import type { MatrixClaim } from "../../suites/matrix.ts";
import { chosen } from "../config/chosen.ts";
import type { Mode, ModeName } from "../gauntlet/modes.ts";
import { defaultLab, type LabImageSpec } from "../lab/rootfs.ts";
import type { Body } from "../model/evidence.ts";
import type { VerdictWord } from "../model/verdict.ts";

/** An engine that the matrix tries: what its hosts are made of, and what it knows. */
export interface MatrixEngine {
  /** As the command line and evidence name it. */
  name: string;
  /** Where people meet it. */
  title: string;
  image: LabImageSpec;
  imageStores: readonly Mode["imageStore"][];
  /** The verdicts that are expected to be another than pass, by mode. */
  expected: Partial<Record<ModeName, Partial<Record<MatrixClaim, VerdictWord>>>>;
}

const both = ["graphdriver", "containerd"] as const;

/** Debian's mirrors keep sid, and not all of them keep its Release file fresh. */
const sid: LabImageSpec = { ...defaultLab, suite: "sid", expired: true };

/** Oldest first. */
export const engines: readonly MatrixEngine[] = [
  {
    name: "bookworm",
    title: "Debian 12 bookworm",
    image: {
      suite: "bookworm",
      // Its docker.io brings the client along; a package docker-cli came later.
      packages: defaultLab.packages.filter((name) => name !== "docker-cli"),
    },
    // 20.10 is older than the containerd image store.
    imageStores: ["graphdriver"],
    expected: {},
  },
  {
    name: "trixie",
    title: "Debian 13 trixie",
    image: defaultLab,
    imageStores: both,
    // With a prepull this release's store drops the image that a moved tag leaves, so a rollback downloads it again.
    expected: { "containerd-prepull": { G1: "fail" } },
  },
  { name: "sid", title: "Debian sid", image: sid, imageStores: both, expected: {} },
  {
    name: "moby-29",
    title: "the 29 line, built from its Go module, with sid's containerd, runc and client",
    image: { ...sid, dockerd: "2.0.0-beta.24" },
    imageStores: both,
    expected: {},
  },
];

/** Why a host was not what its cell asked for, in one sentence, by what its engine says of itself; null when it was. */
export function mistaken(
  { image }: MatrixEngine,
  { imageStore }: Mode,
  seen: Body<"environment">["engine"] | null,
): string | null {
  if (seen === null) return "the engine was not asked what it is";
  if (seen.imageStore !== imageStore) return `the engine has the image store ${seen.imageStore}`;
  if (image.dockerd !== undefined && seen.version !== image.dockerd)
    return `the engine is ${seen.version}, and not ${image.dockerd}`;
  return null;
}

/** The verdict that an engine is expected to get. */
export function expectedVerdict({ expected }: MatrixEngine, { name }: Mode, claim: MatrixClaim): VerdictWord {
  return expected[name]?.[claim] ?? "pass";
}

/** The engines that are named, or all. Throws a Failure (usage) for a name that is none. */
export function chosenEngines(names: readonly string[]): readonly MatrixEngine[] {
  return chosen("the matrix has no such engine", names, engines, ({ name }) => name);
}
