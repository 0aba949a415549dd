/** What the doctor looks at, in the order in which it tells of it; docs/doctor.md has a line for each. */
export const checks = [
  "engine",
  "swarm",
  "disk",
  "clock",
  "docker client",
  "deployer",
  "credentials",
  "docker.io",
  "pull budget",
  "pull path",
  "services",
  "run lock",
  "pulls in flight",
  "other deploys",
  "stack name",
] as const;

export type Check = (typeof checks)[number];

/**
 * `problem`: a run is not possible, or would mislead. `warning`: a run is possible, and something is to be known before.
 * `unknown`: it could not be looked at, which is never `ok`.
 */
export type Status = "ok" | "problem" | "warning" | "unknown";

/** What the doctor says of one thing. */
export interface Diagnosis {
  check: Check;
  status: Status;
  /** In one sentence without a full stop. Names in it come from the host, and are data. */
  found: string;
  /** What to do next; null where all is well. */
  next: string | null;
}

/** A diagnosis that does not yet say of what. */
export type Finding = Omit<Diagnosis, "check">;

export const ok = (found: string): Finding => ({ status: "ok", found, next: null });
export const problem = (found: string, next: string): Finding => ({ status: "problem", found, next });
export const warning = (found: string, next: string): Finding => ({ status: "warning", found, next });
export const unknown = (found: string, next: string): Finding => ({ status: "unknown", found, next });
