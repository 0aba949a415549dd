import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { hubKey } from "../../src/host/credentials.ts";
import type { FrontSettings } from "../../src/hub/front.ts";
import { base64 } from "../../src/secrets.ts";
import { until } from "../../src/until.ts";
import { putImage } from "../unit/hub/images.ts";
import { LabHub } from "../unit/hub/lab-hub.ts";
import { CommandLine, type Running } from "./command-line.ts";
import { EngineDouble, stackLabel } from "./engine-double.ts";
import { tempFolder, writeScript, writeTree } from "./temp.ts";

/** What the double of docker's client says to one command. */
export interface Said {
  exitCode?: number;
  stdout?: string;
  stderr?: string;
}

/** How a command of docker's client is answered: at once, or when the test says so. */
type DockerAnswer = (words: string[]) => Said | Promise<Said>;

/**
 * OpenSSH's client, as far as pullproof calls it: commands run on this machine, in an environment of their own. The master
 * takes its forwards with it when it goes. Without it each command makes a connection of its own, as OpenSSH does, unless
 * the machine is down.
 */
const ssh = `
while [ $# -gt 0 ]; do
  case $1 in
    -S) control=$2; shift 2 ;;
    -O) order=$2; shift 2 ;;
    -L) forward=$2; shift 2 ;;
    -W) dial=$2; shift 2 ;;
    -o | -p) shift 2 ;;
    -M) order=master; shift ;;
    -N | -T) shift ;;
    --) shift 2; break ;;
    *) echo "the double does not know $1" >&2; exit 255 ;;
  esac
done
[ ! -e "$STAGE/down" ] || { echo "ssh: connect to host: Connection refused" >&2; exit 255; }
case \${order-} in
  master)
    # A signal that was ignored when a shell began stays so, as OpenSSH has it.
    trap 'rm -f "$control"; kill $(cat "$STAGE/forward.pid") $!; exit 255' INT TERM
    echo $$ > "$STAGE/master.pid"
    echo >> "$STAGE/connections"
    : > "$control"
    sleep 600 > /dev/null 2>&1 &
    wait ;;
  check) [ -e "$control" ] ;;
  forward)
    "$NODE" "$STAGE/forward.mjs" "\${forward%%:*}" "\${forward#*:}" > /dev/null 2>&1 &
    echo $! > "$STAGE/forward.pid"
    echo "\${forward%%:*}" > "$STAGE/forwarded"
    until [ -S "\${forward%%:*}" ]; do sleep 0.02; done ;;
  *)
    [ -z "\${dial-}" ] || exec "$NODE" "$STAGE/relay.mjs" "$STAGE/hub.sock"
    exec env -i STAGE="$STAGE" NODE="$NODE" HOME="$STAGE/home" PATH="$STAGE/bin:/usr/bin:/bin" sh -c "$*" ;;
esac
`;

const relay = `
import { connect } from "node:net";
const socket = connect(process.argv[2]).on("error", () => process.exit(1));
process.stdin.pipe(socket).pipe(process.stdout);
`;

const forward = `
import { renameSync } from "node:fs";
import { connect, createServer } from "node:net";
const [path, target] = process.argv.slice(2);
const server = createServer((socket) => {
  const other = connect(target);
  socket.pipe(other).pipe(socket);
  for (const [one, another] of [[socket, other], [other, socket]]) one.on("error", () => {}).on("close", () => another.destroy());
});
// Nobody meets it before it listens.
server.listen(path + "~", () => renameSync(path + "~", path));
`;

/** Tells the engine double what it was called with, and says and ends as that answers. */
const docker = `
import { request } from "node:http";
const [socketPath, ...words] = process.argv.slice(2);
const sent = request({ socketPath, path: "/double/docker", method: "POST" }, async (response) => {
  let text = "";
  for await (const chunk of response) text += chunk;
  const { exitCode = 0, stdout = "", stderr = "" } = JSON.parse(text);
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = exitCode;
});
sent.on("error", () => process.exit(1)).end(JSON.stringify(words));
`;

/**
 * A live host made of doubles, for pullproof's real command line: an engine, docker.io (the front of the labs' hub), and
 * an OpenSSH client that leads to both. What looks at the machine looks at this one.
 */
export class LiveStage {
  readonly engine: EngineDouble;
  readonly hub: LabHub;
  readonly line: CommandLine;
  /** Values of the secrets that were made on the host. */
  readonly secrets: string[] = [];
  readonly #folder: string;
  #answer: DockerAnswer = () => ({});
  readonly #caller: string;

  private constructor(folder: string, engine: EngineDouble, hub: LabHub, env: NodeJS.ProcessEnv) {
    this.#folder = folder;
    this.engine = engine;
    this.hub = hub;
    this.line = new CommandLine({
      STAGE: folder,
      NODE: process.execPath,
      PATH: `${folder}/caller:/usr/bin:/bin`,
      NODE_EXTRA_CA_CERTS: join(folder, "ca.pem"),
      ...env,
    });
    this.#caller = join(this.line.cwd, "..");
  }

  /** A host on which all is well, and where `account` is logged in. `settings` are docker.io's, `env` is the caller's. */
  static async open(
    account: { name: string; pat: string },
    { settings = {}, env = {} }: { settings?: Partial<FrontSettings>; env?: NodeJS.ProcessEnv } = {},
  ): Promise<LiveStage> {
    const hub = await LabHub.start({ accounts: [account], ...settings });
    onTestFinished(() => hub.stop());
    const engine = await EngineDouble.listen();
    const stage = new LiveStage(tempFolder(), engine, hub, env);
    stage.#build(account);
    stage.#furnish();
    return stage;
  }

  /** What docker's client on the host says from now on, after the engine did what it was told to. */
  answerDocker(answer: DockerAnswer): void {
    this.#answer = answer;
  }

  /** Arguments of a run on this host. */
  verify(...options: string[]): string[] {
    return [
      "verify",
      "--host",
      "live",
      "--docker-host",
      "ssh://server",
      "--yes",
      "--run-dir",
      "run",
      ...options,
    ];
  }

  /** Replaces a program of the host's, such as `date`. */
  program(name: string, script: string): void {
    writeScript(join(this.#folder, "bin", name), script);
  }

  /** The connection breaks, and is to be had again, or is not. */
  async disconnect(again: boolean): Promise<void> {
    if (!again) writeFileSync(join(this.#folder, "down"), "");
    process.kill(Number(this.#said("master.pid")), "SIGTERM");
    const path = this.#said("forwarded");
    await until("nothing leads to the engine", 60_000, () => refuses(path));
  }

  /** Interrupts a run as a terminal does: every process in front of it is told, the connection's too. */
  interrupt({ child }: Running): void {
    process.kill(Number(this.#said("master.pid")), "SIGINT");
    child.kill("SIGINT");
  }

  /** How many connections were made, one after the other, that carry commands. */
  get connections(): number {
    return statSync(join(this.#folder, "connections")).size;
  }

  /** What the client wrote down. */
  #said(name: string): string {
    return readFileSync(join(this.#folder, name), "utf8").trim();
  }

  /** Lines of the run's evidence. */
  get evidence(): { kind: string; step: string | null; data: Record<string, unknown> }[] {
    const text = readFileSync(join(this.line.cwd, "run/evidence.jsonl"), "utf8");
    return text
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line));
  }

  /** Everything that the caller's folders hold, by path: what a command wrote. */
  get written(): Record<string, string> {
    const paths = this.line.tree().map((path) => join(this.#caller, path));
    const plain = paths.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
    return Object.fromEntries(plain.map((path) => [path, readFileSync(path, "latin1")]));
  }

  /** What a run left on the host beside images. */
  get left(): unknown[] {
    const { services, networks, secrets, containers, volumes } = this.engine;
    return [services, networks, secrets, containers, volumes, readdirSync(join(this.#folder, "tmp"))].flat();
  }

  #build({ name, pat }: { name: string; pat: string }): void {
    const folder = this.#folder;
    writeScript(join(folder, "caller/ssh"), ssh);
    const config = { auths: { [hubKey]: { auth: base64(`${name}:${pat}`) } } };
    writeTree(folder, {
      "relay.mjs": relay,
      "forward.mjs": forward,
      "docker.mjs": docker,
      "ca.pem": this.hub.certificates.ca,
      "home/.docker/config.json": JSON.stringify(config),
    });
    for (const name of ["data", "tmp"]) mkdirSync(join(folder, name));
    symlinkSync(this.hub.socketPath, join(folder, "hub.sock"));
    const inspect = `[ "$1 $2" != "context inspect" ] || { echo unix://${this.engine.socket}; exit; }`;
    this.program("docker", `${inspect}\nexec "$NODE" "$STAGE/docker.mjs" ${this.engine.socket} "$@"`);
    // What it makes in the host's /tmp shows in a folder of its own.
    this.program("mktemp", `exec /usr/bin/mktemp -d "$STAGE/tmp/pullproof-XXXXXXXX"`);
    this.program("getent", "echo 127.0.0.1 STREAM");
    this.program("ip", "echo 127.0.0.1 dev lo src 127.0.0.1");
    this.program("systemctl", "echo '[no data]'");
    // Whoever deploys on this machine, or holds its lock, has nothing to do with the stage.
    this.program("tr", "exit 1");
    this.program("flock", "exit 0");
  }

  #furnish(): void {
    const { engine, hub } = this;
    const digests = [
      ["busybox", "1.36.1"],
      ["alpine", "3.20.3"],
    ].map(([name = "", tag = ""]) => `${name}@${putImage(hub.upstream, `library/${name}`, tag).digest}`);
    const swarm = { LocalNodeState: "active", ControlAvailable: true, NodeID: "n1", Nodes: 1 };
    engine.info = {
      ID: "E1",
      Name: hostname(),
      Driver: "overlay2",
      DockerRootDir: join(this.#folder, "data"),
      KernelVersion: "6",
      OperatingSystem: "double",
      NCPU: 1,
      MemTotal: 1,
      RegistryConfig: { Mirrors: [], IndexConfigs: {} },
      Swarm: swarm,
    };
    const answers: Record<string, unknown> = {
      "GET /version": { Version: "26.1.5", ApiVersion: "1.45", Arch: "amd64" },
      "GET /nodes": [{ ID: "n1", Status: { State: "ready" }, Spec: { Availability: "active" } }],
      "GET /system/df": { LayersSize: 1 },
    };
    for (const [what, body] of Object.entries(answers)) engine.on(what, () => ({ body }));
    engine.on("POST /volumes/create", ({ body }) => {
      const { Name } = body as { Name: string };
      engine.volumes = [...engine.volumes, { Name }];
      engine.emit({ Type: "volume", Action: "create", Actor: { ID: Name, Attributes: {} }, timeNano: 1 });
      return { status: 201, body: { Name } };
    });
    engine.on("POST /secrets/create", ({ body }) => {
      const { Name, Data } = body as { Name: string; Data: string };
      this.secrets.push(Buffer.from(Data, "base64").toString());
      engine.secrets = [...engine.secrets, { ID: Name, Spec: { Name } } as object];
      return { status: 201, body: { ID: Name } };
    });
    engine.on("POST /double/docker", ({ body }, response) => {
      const words = body as string[];
      this.#carryOut(words, digests);
      void Promise.resolve(this.#answer(words)).then((said) =>
        response.end(JSON.stringify({ ...known(words), ...said })),
      );
      return undefined;
    });
  }

  /** What the engine does of a stack. */
  #carryOut([, verb, ...rest]: string[], digests: string[]): void {
    const { engine } = this;
    const stack = rest.at(-1) ?? "";
    if (verb === "rm") {
      for (const kind of ["services", "tasks", "containers", "networks"] as const) engine[kind] = [];
    }
    if (verb !== "deploy") return;
    const Labels = stackLabel(stack);
    engine.networks = [{ Name: `${stack}_internal`, Labels } as object];
    engine.images = digests.map((name) => ({
      Id: `sha256:${name.length}`,
      RepoTags: null,
      RepoDigests: [name],
      Layers: [name],
    }));
    engine.services = digests.map((name, at) => ({
      ID: `s${at}`,
      Spec: {
        Name: `${stack}_${at}`,
        Labels,
        Mode: { Replicated: { Replicas: 1 } },
        TaskTemplate: { ContainerSpec: { Image: name } },
      },
    }));
    engine.containers = digests.map(
      (name, at) =>
        ({ Id: `c${at}`, Names: [`/c${at}`], ImageID: `sha256:${name.length}`, Labels }) as object,
    );
    engine.tasks = digests.map((Image, at) => ({
      ID: `t${at}`,
      ServiceID: `s${at}`,
      DesiredState: "running",
      Status: { State: "running", ContainerStatus: { ContainerID: `c${at}` } },
      Spec: { ContainerSpec: { Image } },
      Labels,
    }));
    for (const [at, name] of digests.entries())
      engine.inspected[`c${at}`] = { Image: `sha256:${name.length}` };
  }
}

/** What docker's client says of itself. */
function known([command]: string[]): Said {
  if (command === "version") return { stdout: "26.1.5\n" };
  return command === "info" ? { stdout: "E1\n" } : {};
}

/** Whether nobody listens on a socket any more. */
function refuses(path: string): Promise<true | string> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve("somebody listens");
    });
    socket.on("error", () => resolve(true));
  });
}
