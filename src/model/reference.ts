/** A parsed image reference. */
export interface Reference {
  /** As the hub's ledger names it: `library/alpine`; on another registry with its host: `ghcr.io/a/b`. */
  repository: string;
  /** Whether docker.io serves it. */
  hub: boolean;
  tag: string | null;
  digest: string | null;
}

/** Names under which docker.io is known, as in distribution/reference's `splitDockerDomain`. */
const hubDomains = new Set(["docker.io", "index.docker.io", "registry-1.docker.io"]);

/** Parses a reference by the rules of distribution/reference: `web:1` and `docker.io/library/web:1` are the same. */
export function parseReference(text: string): Reference {
  const [named = "", digest = null] = text.split("@", 2);
  const slash = named.indexOf("/");
  const first = named.slice(0, Math.max(slash, 0));
  const hasDomain = slash > 0 && (first === "localhost" || first.includes(".") || first.includes(":"));
  const hub = !hasDomain || hubDomains.has(first);
  const path = hasDomain ? named.slice(slash + 1) : named;
  const colon = path.lastIndexOf(":");
  const tag = colon > path.lastIndexOf("/") ? path.slice(colon + 1) : null;
  const name = tag === null ? path : path.slice(0, colon);
  const official = hub && !name.includes("/") ? `library/${name}` : name;
  return { repository: hub ? official : `${first}/${name}`, hub, tag, digest };
}

/** The grammar of distribution/reference (https://github.com/distribution/reference/blob/main/reference.go). */
const grammar = (() => {
  const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
  const domain = `(?:${label}(?:\\.${label})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
  const component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
  const digest = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
  return new RegExp(
    `^(?:${domain}/)?${component}(?:/${component})*(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(?:@${digest})?$`,
  );
})();

/** Whether a text is an image reference that an engine would take. */
export function isReference(text: string): boolean {
  return text.length <= 1024 && grammar.test(text);
}

/** Whether two texts name the same tag of the same repository. */
export function sameTag(a: string, b: string): boolean {
  const [left, right] = [parseReference(a), parseReference(b)];
  return left.repository === right.repository && (left.tag ?? "latest") === (right.tag ?? "latest");
}

/** A digest, or a name that ends in one, with as much of it as `docker images --digests` users type. */
export function shortDigest(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{12})[0-9a-f]{52}/g, "$1");
}

/** A repository as people write it: without the `library/` of docker.io's official images. */
export function familiar(repository: string): string {
  return repository.replace(/^library\//, "");
}
