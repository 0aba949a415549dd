/** A unit of systemd: the settings of each section, each with its values in order. */
export type UnitFile = Record<string, Record<string, string[]>>;

/** Reads a unit. Throws at a line that is no setting, no section and no comment. */
export function parseUnit(text: string): UnitFile {
  const unit: UnitFile = {};
  let section: UnitFile[string] | undefined;
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const heading = /^\[(\w+)\]$/.exec(line)?.[1];
    if (heading !== undefined) {
      section = unit[heading] = {};
      continue;
    }
    const [, name, value] = /^(\w+)=(.+)$/.exec(line) ?? [];
    if (section === undefined || name === undefined || value === undefined)
      throw new Error(`not a line of a unit: ${line}`);
    section[name] = [...(section[name] ?? []), value];
  }
  return unit;
}
