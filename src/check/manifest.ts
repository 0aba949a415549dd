/** SHA-256 digests, in lower-case hexadecimal, by file name relative to the run's folder. */
export type Manifest = ReadonlyMap<string, string>;

/** Writes a manifest as `sha256sum` does, so that `sha256sum -c` checks a run without pullproof. */
export function renderManifest(manifest: Manifest): string {
  return [...manifest].map(([name, hash]) => `${hash}  ${name}\n`).join("");
}

/** Reads a manifest. Null when a line is none of `sha256sum`'s, or a file is named twice. */
export function parseManifest(text: string): Manifest | null {
  const manifest = new Map<string, string>();
  for (const line of text.split("\n").slice(0, -1)) {
    const [, hash, name] = /^([0-9a-f]{64}) {2}(.+)$/.exec(line) ?? [];
    if (hash === undefined || name === undefined || manifest.has(name)) return null;
    manifest.set(name, hash);
  }
  return text.endsWith("\n") ? manifest : null;
}

/** What differs between a manifest and the files as they are, one sentence for each file. */
export function compareManifest(manifest: Manifest, files: Manifest): string[] {
  return [...manifest].flatMap(([name, hash]) => {
    const actual = files.get(name);
    if (actual === undefined) return [`${name} is missing`];
    return actual === hash ? [] : [`${name} was altered: its SHA-256 is ${actual}, the manifest has ${hash}`];
  });
}
