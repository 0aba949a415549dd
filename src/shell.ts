/** A text as one word for a POSIX shell, in which every character stands for itself. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** Characters that need no quoting in a POSIX shell. */
const plain = /^[\w@%+=:,./-]+$/;

/** A text as one word for a POSIX shell, quoted only where it has to be: for commands that people read. */
export function shellWord(text: string): string {
  return plain.test(text) ? text : singleQuoted(text);
}
