import type { SuiteSettings } from "../../suites/settings.ts";

/** The ways in which a host may keep and pull its images: what a policy does depends on them. */
export const modes = [
  { name: "graphdriver", imageStore: "graphdriver", prepull: false },
  { name: "graphdriver-prepull", imageStore: "graphdriver", prepull: true },
  { name: "containerd", imageStore: "containerd", prepull: false },
  { name: "containerd-prepull", imageStore: "containerd", prepull: true },
] as const satisfies ({ name: string } & Pick<SuiteSettings, "imageStore" | "prepull">)[];

export type Mode = (typeof modes)[number];
export type ModeName = Mode["name"];

/** The id of the scenario in which a policy goes through the gauntlet in one mode. */
export const cellId = (policy: string, mode: ModeName): string => `${policy}-on-${mode}`;
