/** Errors and warnings fail an audit; a note does not. */
export const severities = ["error", "warning", "note"] as const;
export type Severity = (typeof severities)[number];

export type ImageStore = "graphdriver" | "containerd";

/** What the audit looks for. */
export interface Rule {
  /** What it matches, in one sentence. */
  matches: string;
  severity: Severity;
  /** The image stores whose cache it hurts. Other engines than Docker have stores of their own, which is none of these. */
  stores: readonly ImageStore[];
  why: string;
  remedy: string;
}

const both = ["graphdriver", "containerd"] as const;
const graphdriver = ["graphdriver"] as const;

const untilNextDeploy =
  "between two deploys no container uses an image, so this is the whole cache, which the next deploy downloads again";
const byDigest =
  "a swarm stores what it pulled by digest and without a tag, which graphdriver calls dangling";
const reference =
  "prune with `pullproof prune`, which removes old orphans only, and only under real disk pressure";
const prepull = `${reference}; or pull by tag before each deploy, which keeps the tag`;
const untilIs =
  "graphdriver goes by the time of building, so an image of last year goes on the day it was pulled; the containerd store by that of the pull, which is not that of the last use";

/**
 * The rules by id. Severity: `error` where cached images go on either store, `warning` where they go on one, or where
 * what goes may be cached or not, `note` where nothing goes that a swarm has pulled. What the stores do was
 * measured: docs/prune-policy.md, docs/gauntlet.md and docs/engines.md.
 */
export const rules = {
  PP101: {
    matches: "removes every unused image: `docker image prune -a`, `docker system prune -a`",
    severity: "error",
    stores: both,
    why: untilNextDeploy,
    remedy: reference,
  },
  PP102: {
    matches: "removes every unused image of some age: `docker image prune -a --filter until=24h`",
    severity: "error",
    stores: both,
    why: `${untilNextDeploy}, as far as it is old: ${untilIs}`,
    remedy: reference,
  },
  PP103: {
    matches: "removes every image without a tag: `docker image prune`, `docker system prune`",
    severity: "warning",
    stores: graphdriver,
    why: byDigest,
    remedy: prepull,
  },
  PP104: {
    matches: "removes images without a tag of some age: `docker image prune --filter until=24h`",
    severity: "warning",
    stores: graphdriver,
    why: `${byDigest}, and it goes by the time of building, so an age protects nothing that was pulled`,
    remedy: prepull,
  },
  PP105: {
    matches: "removes unused images that carry a label: `docker image prune -a --filter label=ci`",
    severity: "note",
    stores: both,
    why: "what a swarm pulled carries the labels of its build; one that only this host's builds have leaves it alone",
    remedy: "make sure that no image which is deployed carries the label",
  },
  PP201: {
    matches: "removes all images of a list: `docker rmi $(docker images -q)`",
    severity: "error",
    stores: both,
    why: untilNextDeploy,
    remedy: reference,
  },
  PP202: {
    matches:
      "removes all images of a list of those without a tag: `docker rmi $(docker images -qf dangling=true)`",
    severity: "warning",
    stores: graphdriver,
    why: byDigest,
    remedy: prepull,
  },
  PP203: {
    matches: "removes images that a pattern picks from a list: `docker rmi $(docker images -q app)`",
    severity: "warning",
    stores: both,
    why: "a pattern does not tell a cached release from a left-over, so the next deploy of a match downloads it again",
    remedy: `${reference}; or remove by name what was built here`,
  },
  PP204: {
    matches: "removes an image by name: `docker rmi app:test`",
    severity: "note",
    stores: both,
    why: "harmless for what was built here; what was pulled is downloaded again",
    remedy: "remove by name only what this host built",
  },
  PP205: {
    matches: "removes images by name after a teardown: `docker stack rm app; docker rmi app:1`",
    severity: "warning",
    stores: both,
    why: "the next deploy of the same app downloads what its teardown removed",
    remedy: "let a teardown remove services, networks, volumes, secrets and configs, and no image",
  },
  PP301: {
    matches: "removes an app's images with the app: `docker compose down --rmi all`",
    severity: "error",
    stores: both,
    why: "the next deploy of the same app downloads what its teardown removed",
    remedy: "leave out `--rmi all`",
  },
  PP401: {
    matches: "has abra prune: `abra server prune`, `abra app undeploy --prune`",
    severity: "warning",
    stores: graphdriver,
    why: `it is said to prune images without a tag, and ${byDigest}`,
    remedy: prepull,
  },
  PP402: {
    matches: "has abra remove every unused image: `abra server prune --all`",
    severity: "error",
    stores: both,
    why: untilNextDeploy,
    remedy: reference,
  },
  PP501: {
    matches: "empties the build cache: `docker builder prune -a`",
    severity: "warning",
    stores: both,
    why: "BuildKit keeps the base images of builds there, so the next build downloads them again; images stay",
    remedy: "give it an age or a size: `--filter unused-for=168h`, `--keep-storage 10GB`",
  },
  PP502: {
    matches: "prunes build cache: `docker builder prune`",
    severity: "note",
    stores: both,
    why: "images stay, and so does build cache that is in use or within the given age or size",
    remedy: "nothing, as far as images are concerned",
  },
  PP601: {
    matches: "runs a collector that removes whatever no container uses: docker-gc, docker-cleanup, drone/gc",
    severity: "error",
    stores: both,
    why: untilNextDeploy,
    remedy: reference,
  },
  PP602: {
    matches: "runs docuum without a rule of what to keep",
    severity: "warning",
    stores: both,
    why: "it goes by the size of all images, not by the disk, and removes what was pulled and not yet run",
    remedy: `${reference}; or name each repository that is deployed with \`--keep\``,
  },
  PP603: {
    matches: "has watchtower remove the image that it replaces: `--cleanup`, WATCHTOWER_CLEANUP",
    severity: "warning",
    stores: both,
    why: "the release before is gone when it is needed again, and so are the layers that only it has",
    remedy: `leave the clean-up out; ${reference}`,
  },
  PP701: {
    matches:
      "prunes another engine's images: `podman system prune -a`, `nerdctl image prune -a`, `crictl rmi --prune`",
    severity: "warning",
    stores: [],
    why: "that engine's store is not Docker's, but where it runs apps, its cache is lost in the same way",
    remedy: "remove by name what is not needed any more",
  },
  PP801: {
    matches: "deletes the engine's data root: `rm -rf /var/lib/docker`",
    severity: "error",
    stores: both,
    why: "every image is gone, behind the engine's back",
    remedy: reference,
  },
  PP901: {
    matches: "waives a finding without a reason, or in words that are not understood",
    severity: "warning",
    stores: [],
    why: "nobody can tell later whether it still holds",
    remedy: "write `pullproof:allow PP101 until=2027-01-31 reason`; `until=` may be left out, the reason not",
  },
  PP902: {
    matches: "waives a finding until a day that is over",
    severity: "warning",
    stores: [],
    why: "whoever wrote it wanted it looked at again by then",
    remedy: "remove what it waives, or give it a new day and say why",
  },
} as const satisfies Record<string, Rule>;

export type RuleId = keyof typeof rules;

/** All rules, in the order of their ids. */
export const ruleIds = Object.keys(rules) as RuleId[];

/** Whether a text is the id of a rule. */
export function isRuleId(text: string): text is RuleId {
  return Object.hasOwn(rules, text);
}
