import type { Progress } from "../runner/progress.ts";

/** One question that the benchmark answers, with a section of docs/benchmarks.md for the answer. */
export interface Part {
  /** Heading of its section. */
  title: string;
  measure(progress: Progress): Promise<Measured>;
}

/** What came of a part. */
export interface Measured {
  /** The engine that it was measured on: `lab engine 26.1.5`. */
  engine: string;
  /** The section's text, but for its heading, when it was measured and on what. */
  text: string;
}
