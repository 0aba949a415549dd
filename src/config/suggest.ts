import { closestMatch } from "leven";

/** The name that was probably meant: one mistake in three letters at most, in whatever way its words are joined. */
export function closest(written: string, names: readonly string[]): string | undefined {
  const plain = plainly(written);
  const maxDistance = Math.max(1, Math.floor(plain.length / 3));
  const found = closestMatch(plain, names.map(plainly), { maxDistance });
  return names.find((name) => plainly(name) === found);
}

/** `; did you mean samples?`, or nothing. */
export function didYouMean(name: string | undefined): string {
  return name === undefined ? "" : `; did you mean ${name}?`;
}

/** `image-store` and `IMAGE_STORE` are ways to write imageStore. */
function plainly(name: string): string {
  return name.toLowerCase().replaceAll(/[\s._-]/g, "");
}
