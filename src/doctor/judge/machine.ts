import { formatBytes, formatShare } from "../../check/units.ts";
import { type FileSystem, highWaterMark, share } from "../../model/pressure.ts";
import { formatAge } from "../../policy/age.ts";
import { type Finding, ok, problem, unknown, warning } from "../diagnosis.ts";
import type { ClockFacts, HubFacts, Seen } from "../facts.ts";

/** What the images, volumes and logs of a run take up on a live host, with room to spare: bytes, and inodes. */
const needed = { bytes: 1_000_000_000, inodes: 20_000 };

/** Whether the data root has room for a run, and is not under pressure already. */
export function judgeDisk(disk: Seen<FileSystem>): Finding {
  if ("unseen" in disk)
    return unknown(
      `the disk cannot be looked at: ${disk.unseen}`,
      "log in as root, or as a user who may read the data root",
    );
  const { totalBytes, usedBytes, totalInodes, usedInodes } = disk.seen;
  const [bytes, inodes] = [share(usedBytes, totalBytes), share(usedInodes, totalInodes)];
  const free = totalBytes - usedBytes;
  const found = `${formatShare(bytes)} of the data root's file system is used, ${formatBytes(free)} are free; inodes: ${formatShare(inodes)}`;
  if (free < needed.bytes)
    return problem(
      `${found}; a run needs ${formatBytes(needed.bytes)}`,
      "docker system df; free space there",
    );
  // File systems without a fixed number of inodes report a total of 0.
  if (totalInodes > 0 && totalInodes - usedInodes < needed.inodes)
    return problem(
      `${found}; ${totalInodes - usedInodes} inodes are free, and a run needs ${needed.inodes}`,
      "df -i; free inodes there",
    );
  if (Math.max(bytes, inodes) >= highWaterMark)
    return warning(
      `${found}: under pressure, from ${formatShare(highWaterMark)} on, so a prune policy may act during the run`,
      "pullproof prune, on the host, shows what could go",
    );
  return ok(found);
}

/**
 * Tokens and evidence that are off by more than so much cannot be relied on, in milliseconds. A look itself may take
 * some seconds of that.
 */
const skewAllowed = 60_000;

/** Whether the host, this machine and docker.io agree on the time. */
export function judgeClock(clock: Seen<ClockFacts>, hub: Seen<HubFacts>): Finding {
  const host = "seen" in clock ? clock.seen.host - (clock.seen.before + clock.seen.after) / 2 : null;
  // The header Date has no fractions of a second: half of one has gone on average.
  const hubs = "seen" in hub && hub.seen.date !== null ? hub.seen.date + 500 - hub.seen.at : null;
  const wrong = [
    ...(host !== null && hubs !== null ? off("the host", host - hubs, "docker.io") : []),
    ...(hubs !== null ? off("this machine", -hubs, "docker.io") : []),
  ];
  if (wrong.length === 0 && host !== null) wrong.push(...off("the host", host, "this machine"));
  if (wrong.length > 0)
    return problem(wrong.join("; "), "timedatectl set-ntp true, on the machine whose clock is wrong");
  if ("unseen" in clock)
    return unknown(`the host's clock cannot be looked at: ${clock.unseen}`, "date -u, on the host");
  return ok(
    hubs === null
      ? "the host and this machine agree within a minute; docker.io's clock was not seen"
      : "the host, this machine and docker.io agree within a minute",
  );
}

/** What to say of a clock that is so many milliseconds ahead of another; nothing where that is little. */
function off(whose: string, ahead: number, than: string): string[] {
  if (Math.abs(ahead) <= skewAllowed) return [];
  return [
    `the clock of ${whose} is ${formatAge(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} that of ${than}`,
  ];
}
