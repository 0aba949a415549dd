/**
 * An address without its credentials: that there are some is all that counts. All before the last @ goes, because a
 * password that was not escaped may hold any character, and the scheme may be missing.
 */
export function addressWithoutPassword(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1…@");
}

/** A text, such as a tool's error, in which no address that has a scheme tells its credentials. */
export function withoutPasswords(text: string): string {
  return text.replace(/\b([a-z][a-z0-9+.-]*:\/\/)\S*@/gi, "$1…@");
}
