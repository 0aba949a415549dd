import { createHash } from "node:crypto";

/** What a synthetic image is there for, which decides what a plan may do with it. */
export type Role = "deployed" | "previous" | "stopped" | "pinned" | "recent" | "left-over" | "orphan";

/** An image of a host that never was. */
export interface SyntheticImage {
  id: string;
  role: Role;
  repository: string;
  /** The version in its name, whether or not it carries that as a tag. */
  tag: string;
  /** Digest of its manifest at its registry. */
  digest: string;
  /** As the engine lists them: what a swarm pulled has no tag, and the left-over of a build no name at all. */
  tags: string[];
  digests: string[];
  /** Bottom first. */
  layers: { diff: string; bytes: number }[];
  usedDaysAgo: number;
}

/** A host that never was: a repository for every app, and a service for every repository. */
export interface SyntheticHost {
  images: SyntheticImage[];
  /** Globs of an operator's prune.yaml, each of which matches something. */
  keep: string[];
}

/** Roles of a repository's versions, newest first: two fifths may go once they are old. */
const roles: readonly Role[] = [
  "deployed",
  "previous",
  "stopped",
  "pinned",
  ...Array<Role>(8).fill("recent"),
  "left-over",
  ...Array<Role>(7).fill("orphan"),
];

/** Images of one repository. */
const versions = roles.length;

const apps = [
  ..."nginx postgres redis mariadb traefik keycloak nextcloud matrix-synapse gitea grafana".split(" "),
  ..."prometheus collabora discourse ghost hedgedoc jitsi-web mastodon peertube rallly vaultwarden".split(
    " ",
  ),
  ..."wordpress outline mailu-front loki minio".split(" "),
];

const places = [
  ...[
    "",
    "bitnami/",
    "quay.io/acme/",
    "ghcr.io/linuxserver/",
    "registry.gitlab.com/acme/apps/",
    "codeberg.org/",
  ],
  ...[
    "lscr.io/linuxserver/",
    "acme/",
    "registry.example.org:5000/",
    "ghcr.io/home-lab/",
    "public.ecr.aws/docker/",
  ],
  ...["mcr.microsoft.com/oss/", "gcr.io/distroless/", "docker.n8n.io/", "rancher/", "quay.io/prometheus/"],
  ...["registry.k8s.io/", "hub.acme.example/ci/", "hub.acme.example/nightly/", "cgr.dev/chainguard/"],
];

/** Bytes of layers, in units: of a distribution's, a runtime's and a version's own. */
const units = { base: [30, 8, 4], runtime: [12, 6, 3, 1], own: [2, 1, 1] } as const;

/** Distributions that everything is built on. */
const distributions = 6;

/** What the removal of everything that may go frees, in units for each image of the host. */
export const freeableUnits =
  (roles.filter(mayGo).length / versions) * units.own.reduce((sum, one) => sum + one, 0);

/**
 * A host with so many images, always the same: twenty versions of each repository, of ten layers each; all images
 * of a distribution share three, and all of a repository seven. Throws a RangeError where names run out.
 */
export function syntheticHost(size: number, unitBytes: number): SyntheticHost {
  const most = apps.length * places.length * versions;
  if (size > most) throw new RangeError(`there are names for ${most} images, not for ${size}`);
  const families = Array.from({ length: Math.ceil(size / versions) }, (_, index) => family(index, unitBytes));
  return {
    images: families.flat().slice(0, size),
    keep: ["quay.io/**", "bitnami/*:1.1?.0", "ghcr.io/*/mariadb:1.1?.0"],
  };
}

/** All images of one repository, newest first. */
function family(index: number, unitBytes: number): SyntheticImage[] {
  const repository = repositoryOf(index);
  // What a swarm deploys it pulls by digest; the other half was pulled by tag beforehand.
  const tagged = index % 2 === 1;
  const shared = [
    ...layers(`base ${index % distributions}`, units.base, unitBytes),
    ...layers(`runtime ${repository}`, units.runtime, unitBytes),
  ];
  return roles.map((role, version) => {
    const tag = `1.${versions - version}.0`;
    const name = `${repository}:${tag}`;
    const digest = sha256(`manifest ${name}`);
    const named = role !== "left-over";
    return {
      id: sha256(`config ${name}`),
      role,
      repository,
      tag,
      digest,
      tags: named && tagged ? [name] : [],
      digests: named ? [`${repository}@${digest}`] : [],
      layers: [...shared, ...layers(`own ${name}`, units.own, unitBytes)],
      usedDaysAgo: mayGo(role) ? 8 + ((index + version * 7) % 50) : version % 7,
    };
  });
}

function mayGo(role: Role): boolean {
  return role === "left-over" || role === "orphan";
}

/** As an operator would type it. */
function repositoryOf(index: number): string {
  const app = index % apps.length;
  const place = (app + Math.floor(index / apps.length)) % places.length;
  return `${places[place]}${apps[app]}`;
}

function layers(of: string, sizes: readonly number[], unitBytes: number): SyntheticImage["layers"] {
  return sizes.map((size, index) => ({ diff: sha256(`${of} ${index}`), bytes: size * unitBytes }));
}

/** The digest of a text, as the engine writes digests. */
export function sha256(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}
