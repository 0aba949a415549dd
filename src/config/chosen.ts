import { ExitCode, Failure } from "../model/failure.ts";

/** Those of `all` that are named, in the order of `all`; all where none is. Throws a Failure (usage) with `what` for a name that is none. */
export function chosen<T>(
  what: string,
  names: readonly string[],
  all: readonly T[],
  nameOf: (one: T) => string,
): readonly T[] {
  const known = all.map(nameOf);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new Failure(ExitCode.usage, {
      what,
      seen: unknown.join(", "),
      next: `name some of ${known.join(", ")}, or none for all`,
    });
  return names.length === 0 ? all : all.filter((one) => names.includes(nameOf(one)));
}
