/** A file that belongs onto a host. */
export interface WantedFile {
  /** Absolute, on the machine that writes it. */
  path: string;
  content: string;
  /** Whether it belongs to the operator as soon as it is there, and is never written again. */
  once: boolean;
}

/** What writing a file comes to. */
export interface PlannedFile {
  path: string;
  /** new and changed files are written; unchanged ones and those of the operator are not. */
  state: "new" | "changed" | "unchanged" | "kept";
  /** What is there now; null when nothing is. */
  before: string | null;
  /** What will be there. */
  after: string;
}

/** Compares what belongs onto a host with what is there. */
export function planFile({ path, content, once }: WantedFile, before: string | null): PlannedFile {
  if (before === null) return { path, state: "new", before, after: content };
  if (before === content) return { path, state: "unchanged", before, after: content };
  if (once) return { path, state: "kept", before, after: before };
  return { path, state: "changed", before, after: content };
}

/** The files of a plan that have to be written. */
export function toWrite(plan: readonly PlannedFile[]): PlannedFile[] {
  return plan.filter(({ state }) => state === "new" || state === "changed");
}
