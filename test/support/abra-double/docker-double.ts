import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parse } from "yaml";

/**
 * A double of docker's command line, for the double of abra: knows the few commands that this asks for, and refuses
 * all others. Its swarm is a file, $DOCKER_DOUBLE.
 */

/** A service, as far as the double knows it. */
export interface ServiceState {
  stack: string;
  name: string;
  image: string;
  up: boolean;
  update: string | null;
}

/** What there is in the swarm, and how it came to be. */
export interface SwarmState {
  services: ServiceState[];
  volumes: { stack: string; name: string }[];
  secrets: { id: string; name: string; bytes: number }[];
  /** Command lines, in order, with what STACK_NAME and DOMAIN were. */
  calls: string[];
  /** The variables of the last deploy. */
  env: Record<string, string>;
}

interface ComposeFile {
  services?: Record<string, { image?: string; command?: string[]; healthcheck?: { test: string[] } }>;
  volumes?: Record<string, unknown>;
  secrets?: Record<string, { name: string }>;
}

/** What a swarm of the double is, read from its file. */
export function readSwarm(path: string): SwarmState {
  if (!existsSync(path)) return { services: [], volumes: [], secrets: [], calls: [], env: {} };
  return JSON.parse(readFileSync(path, "utf8"));
}

/** Changes a swarm of the double. */
export function changeSwarm(path: string, change: (swarm: SwarmState) => void): void {
  const swarm = readSwarm(path);
  change(swarm);
  writeFileSync(path, JSON.stringify(swarm));
}

function refuse(what: string): never {
  process.stderr.write(`docker double: ${what}\n`);
  process.exit(64);
}

function deploy(swarm: SwarmState, words: string[]): void {
  const stack = words.at(-1) ?? refuse("no stack");
  const flags = words.slice(0, -1);
  const files = flags.flatMap((flag) => (flag.startsWith("--compose-file=") ? [flag.slice(15)] : []));
  const known = [
    "--with-registry-auth",
    "--resolve-image",
    "always",
    ...files.map((file) => `--compose-file=${file}`),
  ];
  const unknown = flags.find((flag) => !known.includes(flag));
  if (unknown !== undefined || files.length === 0) refuse(`stack deploy ${unknown ?? "without a file"}`);
  const composed = files.map((file) => parse(readFileSync(file, "utf8")) as ComposeFile);
  for (const { name } of composed.flatMap(({ secrets }) => Object.values(secrets ?? {}))) {
    const wanted = interpolated(name);
    if (!swarm.secrets.some((secret) => secret.name === wanted)) refuse(`secret not found: ${wanted}`);
  }
  for (const name of composed.flatMap(({ volumes }) => Object.keys(volumes ?? {}))) {
    const volume = { stack, name: `${stack}_${name}` };
    if (!swarm.volumes.some((one) => one.name === volume.name)) swarm.volumes.push(volume);
  }
  for (const name of new Set(composed.flatMap(({ services }) => Object.keys(services ?? {})))) {
    const service = Object.assign({}, ...composed.map(({ services }) => services?.[name] ?? {}));
    const breaks = [service.command, service.healthcheck?.test.slice(1)].some(
      (command) => command?.[0] === "false",
    );
    const before = swarm.services.find((one) => one.name === `${stack}_${name}`);
    // The double's swarm takes every update back that breaks.
    if (before === undefined) {
      swarm.services.push({
        stack,
        name: `${stack}_${name}`,
        image: service.image,
        up: !breaks,
        update: null,
      });
    } else if (breaks) before.update = "rollback_completed";
    else Object.assign(before, { image: service.image, update: "completed" });
  }
  swarm.env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
}

/** `${NAME}` by the environment. */
function interpolated(value: string): string {
  return value.replace(/\$\{(\w+)\}/g, (_, name) => process.env[name] ?? "");
}

function services(swarm: SwarmState, filter: string, show: (service: ServiceState) => string[]): void {
  const stack = filter.replace(/^label=com\.docker\.stack\.namespace=/, "");
  for (const service of swarm.services) {
    if (service.stack === stack) process.stdout.write(`${show(service).join(" ")}\n`);
  }
}

const replicas = ({ up }: ServiceState) => (up ? "1/1" : "0/1");

async function main(path: string, words: string[]): Promise<void> {
  const secret = words[2] ?? "";
  const input = words[1] === "create" ? await text(process.stdin) : "";
  changeSwarm(path, (swarm) => {
    swarm.calls.push(words.join(" "));
    switch (words.slice(0, 2).join(" ")) {
      case "stack deploy":
        return deploy(swarm, words.slice(2));
      case "stack rm":
        swarm.services = swarm.services.filter(({ stack }) => stack !== words[2]);
        return;
      case "stack ls":
        for (const stack of new Set(swarm.services.map(({ stack }) => stack)))
          process.stdout.write(`${stack}\n`);
        return;
      case "secret ls":
        for (const { name } of swarm.secrets) process.stdout.write(`${name}\n`);
        return;
      case "secret create":
        swarm.secrets.push({ id: randomBytes(4).toString("hex"), name: secret, bytes: input.length });
        return;
      case "service ls":
        return services(swarm, words[3] ?? "", (one) =>
          (words[5] ?? "").includes("Image")
            ? [one.name, one.image, replicas(one)]
            : [one.name, replicas(one)],
        );
      case "service update":
        return;
      case "service rollback":
        for (const service of swarm.services)
          if (service.name === words.at(-1)) service.update = "rollback_completed";
        return;
      default:
        refuse(words.join(" "));
    }
  });
}

if (process.argv[1] === import.meta.filename)
  await main(process.env.DOCKER_DOUBLE ?? "", process.argv.slice(2));
