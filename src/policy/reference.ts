import { type FileSystem, highWaterMark, usedShare } from "../model/pressure.ts";

/** What the reference policy would do with a host in a given state. */
export interface PrunePlan {
  /** IDs of the images to remove. */
  remove: string[];
  /** Why, in one sentence. */
  reason: string;
  /** Whether the policy could do what the pressure asks for. */
  sufficient: boolean;
}

/**
 * The reference policy in its first form. Below the high-water mark it removes nothing. Above it, it still
 * removes nothing and says so: choosing what may go needs a record of last use, which this version does not keep.
 */
export function planPrune(disk: FileSystem): PrunePlan {
  const used = `${Math.round(usedShare(disk) * 100)} % of the image store's file system is used`;
  const mark = `the high-water mark is ${highWaterMark * 100} %`;
  if (usedShare(disk) < highWaterMark) {
    return { remove: [], reason: `${used}, ${mark}: nothing to do`, sufficient: true };
  }
  return {
    remove: [],
    reason: `${used}, ${mark}: this version does not choose images to remove; free space by hand`,
    sufficient: false,
  };
}
