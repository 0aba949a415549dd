/** Milliseconds of each unit in which an age is told or a setting given. */
export const unitMs = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1_000 } as const;

/** An age for people, in whole units, of which there are at least two: `12 days`, `36 hours`, `90 seconds`. */
export function formatAge(milliseconds: number): string {
  const units = Object.entries(unitMs);
  const [unit, size] = units.find(([, ms]) => milliseconds >= 2 * ms) ?? ["second", unitMs.second];
  const number = Math.floor(milliseconds / size);
  return `${number} ${unit}${number === 1 ? "" : "s"}`;
}
