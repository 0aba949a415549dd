/**
 * Preloaded into a program, tells the most memory that it ever held: bytes, as a decimal, into the file that
 * PULLPROOF_BENCH_PEAK names, when the program ends. Not resourceUsage().maxRSS: Linux counts into that what the
 * parent held when it made this process.
 */
import { readFileSync, writeFileSync } from "node:fs";

process.once("exit", () => {
  // https://docs.kernel.org/filesystems/proc.html: the peak of the resident set, in KiB.
  const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
  writeFileSync(process.env.PULLPROOF_BENCH_PEAK ?? "", String(Number(kibibytes) * 1024));
});
