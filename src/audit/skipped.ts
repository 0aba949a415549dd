/** A file or a folder that was not scanned. */
export interface Skipped {
  path: string;
  reason: string;
}

/** How many files and folders were skipped for each reason, the commonest first. */
export function reasonsOf(skipped: readonly Skipped[]): { reason: string; count: number }[] {
  const groups = [...Map.groupBy(skipped, ({ reason }) => reason)];
  return groups
    .map(([reason, all]) => ({ reason, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}
