import type { Body } from "./evidence.ts";

/** What statfs tells of a file system. */
export type FileSystem = Omit<Body<"disk">, "layersBytes">;

/** statfs, under the names of its man page; `bavail` is what others than root may take. */
export interface StatFs {
  bsize: number;
  blocks: number;
  bfree: number;
  bavail: number;
  files: number;
  ffree: number;
}

/** Reads statfs as df does: what is reserved for root is neither used nor to be had. */
export function asFileSystem({ bsize, blocks, bfree, bavail, files, ffree }: StatFs): FileSystem {
  return {
    totalBytes: (blocks - bfree + bavail) * bsize,
    usedBytes: (blocks - bfree) * bsize,
    totalInodes: files,
    usedInodes: files - ffree,
  };
}

/**
 * Use of the data root's file system, as a share of bytes or of inodes, from which it counts as under pressure.
 * 80 % is the mark at which a published Co-op Cloud CI host starts to prune.
 */
export const highWaterMark = 0.8;

/**
 * Use below which a prune run under pressure brings the disk, and no further. Kubelet's image garbage collection
 * keeps its two marks apart in the same way, at 85 % and 80 %, so that not every pull starts it anew
 * (https://kubernetes.io/docs/concepts/architecture/garbage-collection/).
 */
export const lowWaterMark = 0.7;

/** Days without use from which an orphaned image counts as old: what the reference policy keeps by default. */
export const oldAfterDays = 7;

/** The used share of a disk's bytes or inodes, whichever is greater, from 0 to 1. */
export function usedShare(disk: FileSystem): number {
  return Math.max(share(disk.usedBytes, disk.totalBytes), share(disk.usedInodes, disk.totalInodes));
}

/**
 * The share of bytes, or of inodes, that is used. File systems without a fixed number of inodes, such as btrfs,
 * report a total of 0: they cannot run out.
 */
export function share(used: number, total: number): number {
  return total === 0 ? 0 : used / total;
}
