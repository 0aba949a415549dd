import { cpus, loadavg, totalmem } from "node:os";

/** How many processes wanted a core of this machine over the last minute, on average. */
export function load(): number {
  return loadavg()[0] ?? 0;
}

/**
 * When and on what a part was measured, on which engine, and how busy the machine was with other things before: the
 * first words of its section.
 */
export function measuredOn(engine: string, loadBefore: number): string {
  const day = new Date().toISOString().slice(0, 10);
  const size = `${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB of memory`;
  return `Measured on ${day}: ${size}, Node ${process.version}, ${engine}; load ${loadBefore.toFixed(1)} beforehand.`;
}
