/** Every form of every secret that this process knows, longest first: one may begin like another. */
let known: readonly string[] = [];

/**
 * Remembers a secret that this process holds, so that nothing it writes or prints tells it, however it got there: a
 * tool's error, a registry's answer, a stack trace. `forms` are what else stands for it, such as a header's value. Of the
 * process and not of one run, because errors are told where no run is known any more.
 */
export function keepSecret(secret: string, ...forms: string[]): void {
  const told = [secret, base64(secret), encodeURIComponent(secret.toWellFormed()), ...forms];
  // A tool may have printed it as a part of JSON.
  const all = told.flatMap((form) => [form, JSON.stringify(form).slice(1, -1)]).filter((form) => form !== "");
  known = [...new Set([...known, ...all])].sort((a, b) => b.length - a.length);
}

/** A text that tells none of the secrets that this process holds. */
export function withoutSecrets(text: string): string {
  return known.reduce((rest, secret) => rest.replaceAll(secret, "[redacted]"), text);
}

/** As Docker's files and HTTP's headers have it. */
export function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
