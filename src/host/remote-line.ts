import { singleQuoted } from "../shell.ts";

/** A command as one line for the shell at the other end of an SSH connection. */
export interface RemoteLine {
  line: string;
  /** What has to go ahead of all else on the command's standard input. */
  variables: string;
}

/** Variables travel on the way of the standard input, so that no list of processes shows them. */
export function remoteLine(command: readonly string[], env: Record<string, string>): RemoteLine {
  const words = command.map(singleQuoted).join(" ");
  const variables = Object.entries(env)
    .map(([name, value]) => `export ${name}=${singleQuoted(value)}\n`)
    .join("");
  if (variables === "") return { line: words, variables };
  const read = `sh -c 'eval "$(head -c ${Buffer.byteLength(variables)})"; exec "$@"' sh`;
  return { line: `${read} ${words}`, variables };
}
