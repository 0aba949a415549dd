/**
 * Labels on everything that pullproof creates on the outer engine. Clean-up goes by these labels alone, so
 * that nothing of anybody else's is ever touched.
 */
export const labels = {
  /** On every object; the value is "true". */
  own: "org.pullproof",
  /** On the objects of one run; the value is the run's id. Images that outlive a run have no such label. */
  run: "org.pullproof.run",
} as const;

/** The labels of an object of one run. */
export function labelsOf(run: string): Record<string, string> {
  return { [labels.own]: "true", [labels.run]: run };
}
