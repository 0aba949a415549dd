/** Every form of every secret that this process knows. */
const known = new Set<string>();
/** Finds any of them; as long as there is none, nothing. */
let anyOf = /(?!)/g;

/**
 * Remembers a secret that this process holds, so that nothing it writes or prints tells it, however it got there: a
 * tool's error, a registry's answer, a stack trace. `forms` are what else stands for it, such as a header's value. Of the
 * process and not of one run, because errors are told where no run is known any more.
 */
export function keepSecret(secret: string, ...forms: string[]): void {
  const told = [secret, base64(secret), encodeURIComponent(secret.toWellFormed()), ...forms];
  // A tool may have printed it as a part of JSON.
  for (const form of told.flatMap((text) => [text, JSON.stringify(text).slice(1, -1)]))
    if (form !== "") known.add(form);
  // Longest first: one may begin like another.
  const alternatives = [...known].sort((a, b) => b.length - a.length).map(literal);
  if (alternatives.length > 0) anyOf = new RegExp(alternatives.join("|"), "g");
}

/** A text that tells none of the secrets that this process holds. */
export function withoutSecrets(text: string): string {
  return text.replace(anyOf, "[redacted]");
}

/** A text as a pattern that finds just that text. */
function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
}

/** As Docker's files and HTTP's headers have it. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
