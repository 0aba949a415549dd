import { formatBytes } from "../check/units.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { type FileSystem, highWaterMark, lowWaterMark, share } from "../model/pressure.ts";

/** A share of all bytes and of all inodes, from 0 to 1; or a number of used bytes, which says nothing of inodes. */
export type Mark = { share: number } | { bytes: number };

/** From the high mark on there is pressure, which ends below the low mark. */
export interface Marks {
  high: Mark;
  low: Mark;
}

/** 80 % and 70 %: see the sources of both in src/model/pressure.ts. */
export const defaultMarks: Marks = { high: { share: highWaterMark }, low: { share: lowWaterMark } };

/** How a disk stands to the marks. */
export interface Pressure {
  /** Whether bytes or inodes have reached the high mark. */
  high: boolean;
  /** Whether bytes or inodes have reached the low mark. */
  aboveLow: boolean;
  /** The least number of bytes to free until their use is below the low mark; 0 where it is. */
  freeBytes: number;
  /** The same of inodes. */
  freeInodes: number;
}

/** As Docker writes sizes: kB is 1000 and KiB is 1024 bytes. */
const unitBytes: Record<string, number> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** Reads `80%` or `40GB`. Null for anything else, for nothing at all, and for more than 100 %. */
export function parseMark(text: string): Mark | null {
  const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?) ?(%|[A-Za-z]+)$/.exec(text.trim()) ?? [];
  const number = Number(digits);
  if (number === 0) return null;
  if (unit === "%") return number <= 100 ? { share: number / 100 } : null;
  const bytes = Math.round(number * (unitBytes[unit] ?? Number.NaN));
  return Number.isSafeInteger(bytes) ? { bytes } : null;
}

/** A mark for people: `80 %`, `40.0 GB`. */
export function formatMark(mark: Mark): string {
  return "bytes" in mark ? formatBytes(mark.bytes) : `${Number((mark.share * 100).toPrecision(6))} %`;
}

/** Compares a disk with the marks. */
export function pressureOf(disk: FileSystem, marks: Marks): Pressure {
  const { bytes, inodes } = shares(marks, disk.totalBytes);
  const usedBytes = share(disk.usedBytes, disk.totalBytes);
  const usedInodes = share(disk.usedInodes, disk.totalInodes);
  return {
    high: usedBytes >= bytes.high || usedInodes >= inodes.high,
    aboveLow: usedBytes >= bytes.low || usedInodes >= inodes.low,
    freeBytes: excess(disk.usedBytes, disk.totalBytes, bytes.low),
    freeInodes: excess(disk.usedInodes, disk.totalInodes, inodes.low),
  };
}

/**
 * Throws a Failure (bad configuration) when the low mark is not below the high one. A share and a size can be
 * compared on a disk only: without one, such a pair passes.
 */
export function requireOrder(marks: Marks, disk: FileSystem | null): void {
  const { high, low } = marks;
  if (disk === null && "bytes" in high !== "bytes" in low) return;
  const { bytes } = shares(marks, disk?.totalBytes ?? 1);
  if (bytes.low < bytes.high) return;
  const size = disk === null ? "" : ` on a disk of ${formatBytes(disk.totalBytes)}`;
  throw new Failure(ExitCode.config, {
    what: "the low water mark has to be below the high one",
    seen: `high: ${formatMark(high)}, low: ${formatMark(low)}${size}`,
    next: `lower \`low\` or raise \`high\`; the defaults are ${formatMark(defaultMarks.high)} and ${formatMark(defaultMarks.low)}`,
  });
}

interface Shares {
  high: number;
  low: number;
}

/** Both marks as shares. Inodes keep the defaults as soon as one mark is a size. */
function shares({ high, low }: Marks, totalBytes: number): { bytes: Shares; inodes: Shares } {
  const ofBytes = (mark: Mark) => ("bytes" in mark ? mark.bytes / totalBytes : mark.share);
  const bytes = { high: ofBytes(high), low: ofBytes(low) };
  const sized = "bytes" in high || "bytes" in low;
  return { bytes, inodes: sized ? { high: highWaterMark, low: lowWaterMark } : bytes };
}

/** The least whole number without which the used share is below a mark. */
function excess(used: number, total: number, mark: number): number {
  if (share(used, total) < mark) return 0;
  // The product may be off by a rounding; the comparison is the one that counts.
  let number = Math.max(1, Math.floor(used - mark * total));
  while (share(used - number, total) >= mark) number += 1;
  return number;
}
