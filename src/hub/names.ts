/**
 * The names under which engines reach Docker Hub. `docker pull` uses `registry-1`, some clients `index`,
 * tokens come from `auth`; `docker.io` itself serves no registry and is certified only so that a stray
 * request is seen.
 */
export const HUB_NAMES = ["registry-1.docker.io", "auth.docker.io", "index.docker.io", "docker.io"] as const;

export type HubName = (typeof HUB_NAMES)[number];

/** What Docker Hub's Bearer challenge names as token server and audience. */
export const TOKEN_REALM = "https://auth.docker.io/token";
export const TOKEN_SERVICE = "registry.docker.io";

/** The Hub name in a Host header, its port left out; null for a host that is not Docker Hub's. */
export function hubName(host: string | undefined): HubName | null {
  const bare = host?.toLowerCase().replace(/:\d+$/, "");
  return HUB_NAMES.find((name) => name === bare) ?? null;
}
