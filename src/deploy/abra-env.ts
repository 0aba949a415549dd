import { parseEnv } from "node:util";
import { ExitCode, Failure } from "../model/failure.ts";

/**
 * The env file of an app: the recipe's .env.sample as it stands, whose comments tell abra the length of secrets, and then
 * each variable that has another value here. The later one counts: recipes themselves build COMPOSE_FILE that way.
 */
export function appEnv(sample: string, env: Record<string, string>): string {
  const said = parseEnv(sample);
  const own = Object.entries(env).filter(([name, value]) => said[name] !== value);
  const lines = own.map(([name, value]) => `${name}=${quoted(name, value)}`);
  return `${[sample.trimEnd(), "# for this run", ...lines].join("\n").trimStart()}\n`;
}

/**
 * A value in which every character stands for itself, for a shell and for a parser of env files alike. Bare and
 * in double quotes is how recipes write values. Throws a Failure for one that no quotes are known to hold.
 */
function quoted(name: string, value: string): string {
  if (/^[\w@%+=:,./-]*$/.test(value)) return value;
  if (!/["$`\\\r\n]/.test(value)) return `"${value}"`;
  if (!/['\r\n]/.test(value)) return `'${value}'`;
  throw new Failure(ExitCode.config, {
    what: "a variable's value cannot be handed to abra as it is",
    seen: `${name} holds line breaks, or quotes of both kinds`,
    next: "choose another value, or deploy with --deployer stack",
  });
}
