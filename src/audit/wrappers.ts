import { baseName, type Language } from "./model.ts";

/** What a command has run in its turn: another command, a text, or what comes on its standard input. */
export type Inner = { words: readonly string[] } | { language: Language; text: string } | { stdin: Language };

/** A command that runs the one that follows it. */
interface Wrapper {
  /** Options whose value is the next word. */
  values: readonly string[];
  /** So many words of its own come before the command. */
  own: number;
}

const wrapper = (values = "", own = 0): Wrapper => ({ values: values.split(" "), own });

/** From the manual pages of each. */
const wrappers: Readonly<Record<string, Wrapper>> = {
  builtin: wrapper(),
  caffeinate: wrapper("-t -w"),
  chroot: wrapper("", 1),
  chronic: wrapper(),
  command: wrapper(),
  cronic: wrapper(),
  doas: wrapper("-u -C"),
  env: wrapper("-u -C --unset --chdir"),
  exec: wrapper("-a"),
  flock: wrapper("-w -E --timeout --wait --conflict-exit-code", 1),
  ionice: wrapper("-c -n -p --class --classdata"),
  nice: wrapper("-n --adjustment"),
  nohup: wrapper(),
  nsenter: wrapper("-t -S -G --target"),
  parallel: wrapper("-j --jobs"),
  setsid: wrapper(),
  sshpass: wrapper("-p -f -d"),
  stdbuf: wrapper("-i -o -e"),
  sudo: wrapper("-u -g -h -p -C -r -t -T -U -D -R --user --group --host --prompt --chdir --chroot"),
  "systemd-run": wrapper("-p -u --unit --property --on-calendar --on-active --slice --description -M -H"),
  time: wrapper("-f -o --format --output"),
  timeout: wrapper("-s -k --signal --kill-after", 1),
  unbuffer: wrapper(),
  watch: wrapper("-n --interval"),
  xargs: wrapper("-n -I -P -L -d -a -s -E --max-args --max-procs --delimiter --arg-file --replace"),
};

/** Functions of harnesses that run what they are given, by how such are called. */
const runner = /^_?(run|do|exec|try|retry|call|quiet|silent|ignore|safe|maybe|dry)([-_A-Z]?.*)$/;
const engines = new Set(["docker", "podman", "nerdctl", "sudo"]);

const shells = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh"]);
/** Options of ssh(1) that take a value. */
const sshValues = "-B -b -c -D -E -e -F -I -i -J -L -l -m -O -o -p -Q -R -S -W -w".split(" ");
/** Options of `docker run` and `docker exec` that take a value and are written apart from it. */
const runValues = (
  "-a -c -e -h -l -m -p -u -v -w --add-host --cap-add --cap-drop --cpus --device --dns --entrypoint --env " +
  "--env-file --expose --gpus --group-add --health-cmd --hostname --init-path --ip --ipc --label --link " +
  "--log-driver --log-opt --memory --mount --name --net --network --network-alias --pid --platform --publish " +
  "--pull --restart --runtime --security-opt --shm-size --stop-signal --tmpfs --ulimit --user --userns --volume " +
  "--volumes-from --workdir"
).split(" ");

/** What a command has run besides itself. */
export function innerOf(words: readonly string[]): Inner[] {
  const [name = "", ...rest] = words;
  const tool = baseName(name);
  const known = Object.hasOwn(wrappers, tool) ? wrappers[tool] : undefined;
  if (tool === "flock" && rest.includes("-c")) return script(after(rest, "-c"));
  if (known !== undefined) {
    const left = pastOptions(rest, known.values).slice(known.own);
    return left.length === 0 ? [] : [{ words: left }];
  }
  if (shells.has(tool)) return shellOf(rest);
  switch (tool) {
    case "eval":
      return script(rest.join(" "));
    case "trap":
      return script(rest[0]);
    case "alias":
      return rest.flatMap((word) => script(word.slice(word.indexOf("=") + 1)));
    case "su":
    case "runuser":
    case "script":
      return script(after(rest, "-c") ?? after(rest, "--command"));
    case "ssh":
      return remote(pastOptions(rest, sshValues).slice(1));
    case "crontab":
      return rest.length === 0 || rest.includes("-") ? [{ stdin: "crontab" }] : [];
    case "at":
    case "batch":
      return [{ stdin: "shell" }];
    case "find":
      return found(rest);
    case "python":
    case "python3":
      return text("python", after(rest, "-c"));
    case "node":
      return text("javascript", after(rest, "-e") ?? after(rest, "--eval"));
    case "ruby":
      return text("ruby", after(rest, "-e"));
    case "nix-shell":
      return script(after(rest, "--run") ?? after(rest, "--command"));
    case "ansible":
      return script(after(rest, "-a") ?? after(rest, "--args"));
    case "vagrant":
      return script(after(rest, "-c") ?? after(rest, "--command"));
    case "gcloud":
      return script(rest.find((word) => word.startsWith("--command="))?.slice("--command=".length));
    case "docker-machine":
      return rest[0] === "ssh" ? remote(rest.slice(2)) : [];
    case "docker":
    case "podman":
    case "nerdctl":
      return inContainer(rest);
    case "kubectl":
    case "lxc":
    case "multipass":
    case "incus":
    case "pullproof":
      return rest.includes("--") ? [{ words: rest.slice(rest.indexOf("--") + 1) }] : [];
  }
  return unknown(tool, rest);
}

/** Programs that show their arguments, or look for them. */
const shows = /^(echo|printf|log|grep|egrep|fgrep|rg|which|type|man|logger|notify-send|git|sed|awk)$/;

/** A program that is not known: `run docker …`, `tini -- docker …`, `entrypoint.sh exec bash -c …`. */
function unknown(tool: string, rest: readonly string[]): Inner[] {
  if (shows.test(tool)) return [];
  if (runner.test(tool) && engines.has(baseName(rest[0] ?? ""))) return [{ words: rest }];
  const end = rest.indexOf("--");
  if (end >= 0 && engines.has(baseName(rest[end + 1] ?? ""))) return [{ words: rest.slice(end + 1) }];
  const shell = rest.findIndex(
    (word, at) => shells.has(baseName(word)) && /^-[a-z]*c$/.test(rest[at + 1] ?? ""),
  );
  return shell < 0 ? [] : [{ words: rest.slice(shell) }];
}

const text = (language: Language, content: string | undefined): Inner[] =>
  content === undefined ? [] : [{ language, text: content }];
const script = (content: string | undefined): Inner[] => text("shell", content);
/** What follows a host's name is one line for its shell; nothing there has it read standard input. */
const remote = (words: readonly string[]): Inner[] =>
  words.length === 0 ? [{ stdin: "shell" }] : [...script(words.join(" ")), { words }];

/** `bash -ec TEXT`, `sh -s`, `sh`; a file that is run is read where it lies. */
function shellOf(rest: readonly string[]): Inner[] {
  const command = rest.findIndex((word) => /^-[a-z]*c[a-z]*$/.test(word));
  if (command >= 0) return script(rest[command + 1]);
  const operands = pastOptions(rest, ["-o", "-O"]);
  return operands.length === 0 || rest.includes("-s") ? [{ stdin: "shell" }] : [];
}

/** `docker exec NAME COMMAND`, `docker run IMAGE COMMAND`, where it is a program of the image that comes next. */
function inContainer(rest: readonly string[]): Inner[] {
  const at = rest.findIndex((word) => word === "run" || word === "exec");
  if (at < 0) return [];
  const operands = pastOptions(rest.slice(at + 1), runValues).slice(1);
  const entry = after(rest, "--entrypoint");
  const words = entry === undefined ? operands : [entry, ...operands];
  return words.length === 0 ? [] : [{ words }];
}

function found(rest: readonly string[]): Inner[] {
  const at = rest.findIndex((word) => /^-(exec|ok)(dir)?$/.test(word));
  return at < 0 ? [] : [{ words: rest.slice(at + 1) }];
}

function after(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}

/** The words from the first that is neither an option, nor an option's value, nor an assignment. */
export function pastOptions(words: readonly string[], values: readonly string[]): readonly string[] {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? "";
    if (word === "--") return words.slice(at + 1);
    if (values.includes(word)) at += 1;
    else if (!word.startsWith("-") && !/^[A-Za-z_]\w*=/.test(word)) return words.slice(at);
  }
  return [];
}
