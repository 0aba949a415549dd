/** Sequence numbers for people: `#3, #412–#431`. They must ascend. `most` limits how many ranges are written out. */
export function formatRanges(numbers: readonly number[], most = 8): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last[1] + 1) last[1] = number;
    else ranges.push([number, number]);
  }
  const shown = ranges.slice(0, most).map(([from, to]) => (from === to ? `#${from}` : `#${from}–#${to}`));
  const more = ranges.slice(most).reduce((sum, [from, to]) => sum + to - from + 1, 0);
  return more === 0 ? shown.join(", ") : `${shown.join(", ")} and ${more} more`;
}
