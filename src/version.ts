import manifest from "../package.json" with { type: "json" };

/** pullproof's own version. */
export const version: string = manifest.version;
