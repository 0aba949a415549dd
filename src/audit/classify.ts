import { baseName, type Invocation } from "./model.ts";
import type { RuleId } from "./rules.ts";
import { pastOptions } from "./wrappers.ts";

/** Options of the engine's client before its command, with a value: `docker -H ssh://host image prune`. */
const globalValues = (
  "-H --host -c --context --config -l --log-level --tlscacert --tlscert --tlskey --root --runroot --connection " +
  "--url -n --namespace -a --address --snapshotter --data-root"
).split(" ");
/** The same of compose. */
const composeValues =
  "-f --file -p --project-name --profile --env-file --project-directory --ansi --parallel".split(" ");

/** The rule that an invocation breaks; null for none. */
export function ruleOf({ words, inputs }: Invocation): RuleId | null {
  const [name = "", ...args] = words;
  switch (toolOf(name)) {
    case "docker":
      return engineRule(args, inputs, false);
    case "podman":
    case "nerdctl":
      return otherEngine(engineRule(args, inputs, true));
    case "docker-compose":
    case "podman-compose":
      return composeRule(args);
    case "crictl":
      return args[0] === "rmi" && has(args, "--prune", "--all", "-q", "-a") ? "PP701" : null;
    case "ctr":
      return args.includes("prune") && /^(images?|i)$/.test(args[args.indexOf("prune") - 1] ?? "")
        ? "PP701"
        : null;
    case "abra":
      return abraRule(args);
    case "docker-gc":
    case "docker-cleanup":
    case "docker-clean":
      return "PP601";
    case "docuum":
      return args.some((word) => /^(-k|--keep)(=|$)/.test(word)) ? null : "PP602";
    case "watchtower":
      return cleansUp(args) ? "PP603" : null;
    case "curl":
    case "wget":
    case "http":
      return requestRule(args, inputs);
    case "rm":
      return deletesRoot(args) ? "PP801" : null;
    default:
      return null;
  }
}

/** Docker by any name: `/usr/bin/docker`, `docker.io`, `$DOCKER`, `"${DOCKER_BIN}"`. */
function toolOf(name: string): string {
  const variable = /^\$[{(]?(\w+)[})]?$/.exec(name)?.[1]?.toLowerCase();
  if (variable !== undefined) {
    if (/^docker_?compose/.test(variable)) return "docker-compose";
    return /^(docker|engine|container_(engine|tool|cli|runtime))(_?(bin|cmd|cli|exe|command))?$/.test(
      variable,
    )
      ? "docker"
      : variable;
  }
  const base = baseName(name);
  return base === "docker.io" ? "docker" : base;
}

function engineRule(args: readonly string[], inputs: readonly Invocation[], other: boolean): RuleId | null {
  const [command = "", ...rest] = pastOptions(args, globalValues);
  const [sub = "", ...more] = pastOptions(rest, []);
  switch (command) {
    case "system":
      if (other && sub === "reset") return "PP101";
      return sub === "prune" ? pruneRule(more) : null;
    case "image":
    case "images":
      if (sub === "prune") return pruneRule(more);
      return sub === "rm" || sub === "remove" || sub === "rmi" ? removalRule(more, inputs) : null;
    case "rmi":
      return other && has(rest, "-a", "--all", "-af", "-fa") ? "PP101" : removalRule(rest, inputs);
    case "builder":
    case "buildx":
      return sub === "prune" ? builderRule(more) : null;
    case "compose":
      return composeRule(rest);
    case "run":
    case "create":
    case "service":
      return containerRule(rest);
    default:
      return null;
  }
}

/** What is a matter of Docker's stores is not one of another engine's; and what spares tagged images spares its cache. */
function otherEngine(rule: RuleId | null): RuleId | null {
  return rule === "PP101" || rule === "PP102" || rule === "PP201" ? "PP701" : null;
}

/** `image prune` and `system prune`. Of a filter that says `label!=keep` all else goes. */
function pruneRule(args: readonly string[]): RuleId {
  const filters = valuesOf(args, "--filter");
  const all = flag(args, "a", "--all") || filters.some((filter) => /^dangling=(false|0)$/i.test(filter));
  if (filters.some((filter) => filter.startsWith("label="))) return "PP105";
  const aged = filters.some((filter) => filter.startsWith("until="));
  if (all) return aged ? "PP102" : "PP101";
  return aged ? "PP104" : "PP103";
}

function builderRule(args: readonly string[]): RuleId {
  const limited =
    valuesOf(args, "--filter").some((filter) =>
      /^(until|unused-for|label|id|type|description)[=~!]/.test(filter),
    ) || args.some((word) => /^--(keep-storage|reserved-space|max-used-space|min-free-space)\b/.test(word));
  return flag(args, "a", "--all") && !limited ? "PP501" : "PP502";
}

/** `rmi`, by what its arguments are made from. */
function removalRule(args: readonly string[], inputs: readonly Invocation[]): RuleId | null {
  const listing = listingOf(inputs);
  if (listing !== null) return listing;
  const names = args.filter((word) => !word.startsWith("-"));
  return names.length > 0 || inputs.length > 0 ? "PP204" : null;
}

/** What a list of images that is removed holds; null where none of the inputs lists images. */
function listingOf(direct: readonly Invocation[]): RuleId | null {
  const inputs = withTheirs(direct);
  const listings = inputs.filter(isListing);
  if (listings.length === 0) return null;
  const said = listings.flatMap(({ words }) => words).join(" ");
  const picks = inputs.filter(({ words: [name = ""] }) =>
    /^(grep|egrep|fgrep|rg|awk|gawk|sed|jq)$/.test(baseName(name)),
  );
  const patterns = picks.map(({ words }) => words.join(" ")).join(" ");
  if (/dangling[=":\s[]*(true|1)/i.test(said) || /none/.test(patterns)) return "PP202";
  return listings.some(narrows) || picks.some(picksSome) ? "PP203" : "PP201";
}

/** Inputs and theirs in turn: `echo "$IDS" | xargs docker rmi`. */
function withTheirs(inputs: readonly Invocation[], known = new Set<Invocation>()): Invocation[] {
  for (const one of inputs) {
    if (known.has(one)) continue;
    known.add(one);
    withTheirs(one.inputs, known);
  }
  return [...known];
}

/** `docker images`, `docker image ls`, or the engine's API for the same. */
function isListing({ words }: Invocation): boolean {
  const [name = "", ...args] = words;
  const tool = toolOf(name);
  if (tool === "curl") return args.some((word) => /\/images\/json/.test(word));
  if (!["docker", "podman", "nerdctl"].includes(tool))
    return tool === "docker-compose" && args.includes("images");
  const [command = "", sub = ""] = pastOptions(args, globalValues);
  return (
    command === "images" ||
    (command === "image" && /^(ls|list)$/.test(sub)) ||
    (command === "compose" && args.includes("images"))
  );
}

/** Whether it lists some images only: those of a repository, of an app, or that a filter picks. */
function narrows({ words: [name = "", ...args] }: Invocation): boolean {
  if (toolOf(name) === "docker-compose" || args.includes("compose")) return true;
  if (toolOf(name) === "curl") return args.some((word) => word.includes("filters="));
  const [, ...rest] = pastOptions(args, globalValues);
  const operands = pastOptions(rest[0] === "ls" || rest[0] === "list" ? rest.slice(1) : rest, [
    "--filter",
    "-f",
    "--format",
  ]);
  return (
    operands.some((word) => !word.startsWith("-")) ||
    [...valuesOf(args, "--filter"), ...valuesOf(args, "-f")].some((filter) => !/^dangling=/.test(filter))
  );
}

/** Whether a filter of lines keeps those of a pattern: `grep app`, `awk '/app/ {…}'`. A heading is no pattern. */
function picksSome({ words: [name = "", ...args] }: Invocation): boolean {
  switch (baseName(name)) {
    case "awk":
    case "gawk":
      return args.some((word) => /(^|[\s{(;])\/.+\/|~|==/.test(word) && !/NR\s*[>!]/.test(word));
    case "sed":
      return args.some((word) => /^\/.*\/[!p]/.test(word));
    case "jq":
      return args.some((word) => word.includes("select("));
    default:
      return !args.some((word) => /^-\w*v/.test(word) || word === "--invert-match");
  }
}

/** `compose … down --rmi all`. `--rmi local` removes what has no name but the one that compose gave it. */
function composeRule(args: readonly string[]): RuleId | null {
  const [command = "", ...rest] = pastOptions(args, composeValues);
  return command === "down" && valuesOf(rest, "--rmi").includes("all") ? "PP301" : null;
}

/** `docker run IMAGE …`, where the image is a collector of images. */
function containerRule(args: readonly string[]): RuleId | null {
  const image = args.findIndex((word) => collector.test(word));
  if (image < 0) return null;
  const name = collector.exec(args[image] ?? "")?.[1] ?? "";
  const given = args.slice(image + 1);
  if (name === "watchtower")
    return cleansUp(given) || args.some((word) => /WATCHTOWER_CLEANUP=["']?(true|1|yes)/i.test(word))
      ? "PP603"
      : null;
  if (name === "docuum") return given.some((word) => /^(-k|--keep)(=|$)/.test(word)) ? null : "PP602";
  return "PP601";
}

/** Images of collectors on registries: https://hub.docker.com/r/spotify/docker-gc and its kind. */
const collector =
  /^(?:[\w.-]+(?::\d+)?\/)*(docker-gc|docker-cleanup|docuum|watchtower|drone\/gc)(?::[\w.-]+)?(?:@sha256:\w+)?$/;

const cleansUp = (args: readonly string[]): boolean => args.some((word) => /^--cleanup(=true)?$/.test(word));

/** What these remove was not tried on the real binary: it is said to be what `docker system prune` does. */
function abraRule(args: readonly string[]): RuleId | null {
  const operands = args.filter((word) => !word.startsWith("-"));
  const [group = "", command = ""] = operands;
  if (/^s(erver)?$/.test(group) && /^p(rune)?$/.test(command))
    return flag(args, "a", "--all") ? "PP402" : "PP401";
  const undeploys = /^a(pp)?$/.test(group) && /^un(deploy)?$/.test(command);
  return undeploys && flag(args, "p", "--prune") ? "PP401" : null;
}

/** A request to the engine's API: `POST /images/prune`, `DELETE /images/NAME`. */
function requestRule(args: readonly string[], inputs: readonly Invocation[]): RuleId | null {
  const text = args.join(" ");
  const method = /(?:^|\s)(?:-X\s?|--request[= ]|--method[= ])?(POST|DELETE)\b/i
    .exec(text)?.[1]
    ?.toUpperCase();
  const path = args.find((word) => /\/images\//.test(word)) ?? "";
  if (/\/images\/prune/.test(path) && method === "POST")
    return pruneRule(apiFilters(args.filter((word) => word.includes("filters")).join(" ")));
  if (method !== "DELETE" || !/\/images\/[^/?]+/.test(path)) return null;
  return listingOf(inputs) ?? "PP204";
}

/** The filters of an API request as those of the client: `{"dangling":["false"]}`, plain or percent-encoded. */
export function apiFilters(text: string): string[] {
  const plain = text.replace(/%[0-9a-f]{2}/gi, (code) =>
    String.fromCharCode(Number.parseInt(code.slice(1), 16)),
  );
  const found: string[] = [];
  if (/dangling\W{1,12}(false|0)\b/i.test(plain)) found.push("--filter", "dangling=false");
  if (/\buntil\b/.test(plain)) found.push("--filter", "until=");
  if (/\blabel\b(?!!)\W{1,12}\w/.test(plain)) found.push("--filter", "label=");
  return found;
}

/** The engine's data root, or what lies right below it, by where it is by default. */
function deletesRoot(args: readonly string[]): boolean {
  return (
    args.some((word) => /^-\w*[rR]|^--recursive/.test(word)) &&
    args.some((word) =>
      /^\/var\/lib\/(docker|containerd)(\/(\*|overlay2|image|containers)?\/?\*?)?$/.test(word),
    )
  );
}

/** The values of an option: `--filter X`, `--filter=X`; of a short one also where it ends a cluster: `-qf X`. */
function valuesOf(args: readonly string[], option: string): string[] {
  const short = option.length === 2 ? new RegExp(`^-\\w*${option[1]}$`) : null;
  return args.flatMap((word, index) => {
    if (word.startsWith(`${option}=`)) return [word.slice(option.length + 1)];
    return word === option || short?.test(word) === true ? [args[index + 1] ?? ""] : [];
  });
}

/** Whether a switch is on: `-a`, `-fa`, `--all`, `--all=true`. */
function flag(args: readonly string[], letter: string, long: string): boolean {
  return args.some(
    (word) =>
      new RegExp(`^-\\w*${letter}`).test(word) ||
      (word.startsWith(long) && /^(=true|=1)?$/.test(word.slice(long.length))),
  );
}

const has = (args: readonly string[], ...words: string[]): boolean =>
  words.some((word) => args.includes(word));
