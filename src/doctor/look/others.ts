import { defaultStateDir } from "../../config/prune-settings.ts";
import type { Host } from "../../host/host.ts";
import { lockPath } from "../../policy/lock.ts";
import { pullFolders, swarmState } from "../../policy/look.ts";
import type { LockFacts, ServicesFacts } from "../facts.ts";
import { deployWords } from "./deploy-words.ts";
import { linesOf, runScript } from "./script.ts";

/** Every service and its tasks. Throws on a node that does not manage its swarm. */
export async function servicesOf({ docker }: Host): Promise<ServicesFacts> {
  const [state, services] = await Promise.all([swarmState(docker), docker.listServices()]);
  const updating = services.flatMap(({ ID, Spec, UpdateStatus }) => {
    const { State: update = "" } = (UpdateStatus ?? {}) as { State?: string };
    return update === "" || update.endsWith("completed") ? [] : [`${Spec?.Name ?? ID} (${update})`];
  });
  return { ...state, updating };
}

/** flock's 1 is "held by another"; all else but 0 is an error, which must not be taken for an answer. */
const lockScript = `
folder=$(dirname "$1")
[ -d "$folder" ] || { echo "by nobody"; exit; }
[ -x "$folder" ] || { echo "$folder may not be entered by the login user" >&2; exit 1; }
[ -e "$1" ] || { echo "by nobody"; exit; }
free() {
  code=0
  flock -n "$1" "$2" true || code=$?
  [ "$code" -le 1 ] || exit "$code"
  return "$code"
}
if free -x "$1"; then echo "by nobody"
elif free -s "$1"; then echo shared
else echo alone
fi
`;

/**
 * Who holds the run lock of a host that is set up by default. Takes it for no longer than it takes to see that it could,
 * and makes no file.
 */
export async function lockOf(host: Host): Promise<LockFacts> {
  const path = lockPath(defaultStateDir);
  const held = (await runScript(host, lockScript, path)).trim();
  if (held === "by nobody" || held === "shared" || held === "alone") return { path, held };
  throw new Error(`the look at ${path} printed ${JSON.stringify(held)}`);
}

/** A folder that is not there holds no pull; one that cannot be read may hold any. */
const pullsScript = `
export LC_ALL=C
while [ $# -gt 0 ]; do
  if names=$(ls -A "$1" 2>&1); then
    printf '%s\\n' "$names" | while IFS= read -r name; do
      case $name in "") ;; "$2"*) printf '%s/%s\\n' "$1" "$name" ;; esac
    done
  else
    case $names in *'No such file or directory'*) ;; *) printf '%s\\n' "$names" >&2; exit 1 ;; esac
  fi
  shift 2
done
`;

/** Files that an engine keeps for as long as a pull is in flight: see pullFolders. */
export async function pullsOf(
  host: Host,
  engine: { dataRoot: string; imageStore: "graphdriver" | "containerd" },
): Promise<string[]> {
  const folders = pullFolders({
    dataRoot: engine.dataRoot,
    containerdStore: engine.imageStore === "containerd",
  });
  const words = folders.flatMap(({ path, prefix }) => [path, prefix]);
  return linesOf(await runScript(host, pullsScript, ...words));
}

/**
 * A line for each process of a tool that deploys: its number and its words, between tabs. A /proc that hides other users'
 * processes hides the first one's name.
 */
const processesScript = `
cat /proc/1/comm > /dev/null
for folder in /proc/[0-9]*; do
  name=
  read -r name 2> /dev/null < "$folder/comm" || continue
  case $name in
    abra | docker | docker-compose)
      words=$(tr '\\n\\t\\0' '  \\t' < "$folder/cmdline") || continue
      printf '%s\\t%s\\n' "\${folder#/proc/}" "$words"
      ;;
  esac
done
`;

/** Processes on the host that deploy or pull. Of their words, which may hold secrets, only the command is told. */
export async function deploysOf(host: Host): Promise<string[]> {
  return linesOf(await runScript(host, processesScript)).flatMap((line) => {
    const [pid, ...words] = line.split("\t");
    const command = deployWords(words);
    return command === null ? [] : [`${command} (process ${pid})`];
  });
}
