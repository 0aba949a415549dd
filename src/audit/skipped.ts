/** A file or a folder that was not scanned. */
export interface Skipped {
  path: string;
  reason: string;
}

/** A file that could not be read, by the error's code. */
export const unreadable = (code: string): string => `unreadable (${code})`;
/** A file that is not what its name promises. */
export const unparsed = (language: string): string => `no ${language} that can be parsed`;

/** Whether a file was skipped that should have been scanned: it may hold anything. */
export function isUnread(reason: string): boolean {
  return /^unreadable |that can be parsed$/.test(reason);
}

/** How many files and folders were skipped for each reason, the commonest first. */
export function reasonsOf(skipped: readonly Skipped[]): { reason: string; count: number }[] {
  const groups = [...Map.groupBy(skipped, ({ reason }) => reason)];
  return groups
    .map(([reason, all]) => ({ reason, count: all.length }))
    .sort((a, b) => b.count - a.count || (a.reason < b.reason ? -1 : 1));
}
