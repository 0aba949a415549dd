/** The units, by the names of their files in packaging/systemd and in the folder of a host's own units. */
export const unitNames = [
  "pullproof-prune.service",
  "pullproof-prune.timer",
  "pullproof-watch.service",
] as const;

export type UnitName = (typeof unitNames)[number];

/** What an operator enables: the other unit is started by its timer. */
export const enabledUnits: readonly UnitName[] = ["pullproof-watch.service", "pullproof-prune.timer"];

/** How pullproof is started where no package put it on PATH: absolute paths of node and of src/cli/main.ts. */
export interface Program {
  node: string;
  main: string;
}

/** The program as packaging/systemd names it, which is where a distribution's package would put it. */
const packaged = /^(Exec\w+=)\/usr\/bin\/pullproof(?=\s|$)/gm;

/** A unit of packaging/systemd that starts pullproof from where it is on this machine. */
export function renderUnit(template: string, { node, main }: Program): string {
  // systemd looks for variables in all words but the one that names the program (systemd.service(5)).
  const words = `${word(node)} ${word(main).replaceAll("$", "$$$$")}`;
  return template.replace(packaged, (_, setting: string) => `${setting}${words}`);
}

/** A path as one word of a command line in a unit: its quotes know C's escapes, as JSON's do (systemd.syntax(7)). */
function word(path: string): string {
  const escaped = path.replaceAll("%", "%%");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : JSON.stringify(escaped);
}
