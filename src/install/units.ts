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
  const words = commandLine([node, main]);
  return template.replace(packaged, (_, setting: string) => `${setting}${words}`);
}

/** A program's path and its arguments as the command line of a unit, in which each stands for itself. */
export function commandLine([program = "", ...words]: readonly string[]): string {
  // systemd looks for variables in all words but the one that names the program (systemd.service(5)).
  return [word(program), ...words.map((one) => word(one).replaceAll("$", "$$$$"))].join(" ");
}

/** A text as one word of a setting in a unit that takes words: its quotes know C's escapes, as JSON's do (systemd.syntax(7)). */
export function word(text: string): string {
  const escaped = text.replaceAll("%", "%%");
  return /^[\w@%+=:,./-]+$/.test(escaped) ? escaped : JSON.stringify(escaped);
}
