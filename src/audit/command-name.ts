import type { Policy } from "../model/plan.ts";

/** The policy of this project, by its name in evidence. */
const reference = "reference";

/** Whether a host prunes with this project's own policy. */
export function isReference({ name }: Policy): boolean {
  return name === reference;
}

/** What stands for a policy in a document: its command; for the reference policy the command's name, whatever its options. */
export function documentedAs(policy: Policy): string {
  return isReference(policy) ? "pullproof prune" : policy.command.trim();
}

/**
 * Whether a text names a policy's command, word by word, with any blanks between, and not as the beginning of a longer one:
 * `docker image prune -f --filter until=24h` does not name `docker image prune -f`.
 */
export function names(text: string, policy: Policy): boolean {
  const words = documentedAs(policy)
    .split(/\s+/)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const end = isReference(policy) ? "(?![\\w-])" : "(?![\\w-]|[ \\t]+-)";
  return new RegExp(`(?<![\\w-])${words.join("\\s+")}${end}`).test(text);
}
