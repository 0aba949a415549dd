/** `20261123-131502-9f3a`: the name of a run, and of its folder under `reports/`, as `runId` of the runner makes it. */
const runName = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})-[0-9a-f]{4}$/;

/** When a run began, by its name, in milliseconds since 1970; null for what is no name of a run. */
export function beganAt(name: string): number | null {
  const [, ...parts] = runName.exec(name) ?? [];
  if (parts.length === 0) return null;
  const [year, month, day, hour, minute, second] = parts;
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(at) ? null : at;
}
