/** A text as one word of a command that is shown to a person: quoted only where it has to be. */
export function shellWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : singleQuoted(text);
}

/** A text as one word for a POSIX shell, in which every character stands for itself. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
