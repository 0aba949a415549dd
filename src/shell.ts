/** A text as one word for a POSIX shell, in which every character stands for itself. */
export function singleQuoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
