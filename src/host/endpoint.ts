import { ExitCode, Failure } from "../model/failure.ts";
import { runProcess } from "./process.ts";

/** Where a live host's engine is, and how commands get to its machine. */
export type Endpoint =
  | { kind: "local"; socketPath: string }
  | { kind: "ssh"; destination: string; port: string | null };

/** As a user names a live host: a Docker context, or an address as DOCKER_HOST has it. Neither: this machine. */
export interface Address {
  context?: string | undefined;
  dockerHost?: string | undefined;
}

/** Docker's own default (https://docs.docker.com/reference/cli/dockerd/#daemon-socket-option). */
const defaultSocket = "/var/run/docker.sock";

/** Finds a live host. Throws a Failure for an address that names no machine that commands can be run on. */
export async function endpointOf({ context, dockerHost }: Address): Promise<Endpoint> {
  if (context !== undefined) return parseEndpoint(await hostOfContext(context), `context ${context}`);
  if (dockerHost !== undefined) return parseEndpoint(dockerHost, "--docker-host");
  return { kind: "local", socketPath: defaultSocket };
}

/** How an endpoint is shown. Nothing secret can be part of it. */
export function endpointTitle(endpoint: Endpoint): string {
  if (endpoint.kind === "local") return `unix://${endpoint.socketPath}`;
  const { destination, port } = endpoint;
  return `ssh://${destination}${port === null ? "" : `:${port}`}`;
}

/** A name that no program can take for an option. */
const nameOfMachine = /^[A-Za-z0-9_][A-Za-z0-9_.:-]*$/;
const nameOfUser = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** Reads an address in the form that Docker gives it; `from` says where it stands. */
export function parseEndpoint(text: string, from: string): Endpoint {
  if (/^unix:\/\/\/./.test(text)) return { kind: "local", socketPath: text.slice("unix://".length) };
  const found = /^ssh:\/\/(?:(?<user>[^@/:]+)@)?(?<host>\[[^\]/@]+\]|[^@/:]+)(?::(?<port>\d{1,5}))?\/?$/.exec(
    text,
  );
  const { user, host = "", port = null } = found?.groups ?? {};
  const machine = host.replace(/^\[(.*)\]$/, "$1");
  if (found !== null && nameOfMachine.test(machine) && (user === undefined || nameOfUser.test(user)))
    return { kind: "ssh", destination: user === undefined ? machine : `${user}@${machine}`, port };
  throw new Failure(ExitCode.usage, {
    what: "the address of the live host cannot be used",
    seen: `${from}: ${masked(text)}; commands have to be run on the host's own machine`,
    next: "name this machine's socket (unix:///var/run/docker.sock) or ssh://USER@HOST, without a password or path",
  });
}

/** A password in an address is nobody's to read. */
function masked(text: string): string {
  return text.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, "$1…@");
}

async function hostOfContext(context: string): Promise<string> {
  const format = "{{.Endpoints.docker.Host}}";
  const words = ["context", "inspect", "--format", format, "--", context];
  const unknown = (seen: string, cause?: unknown) =>
    new Failure(ExitCode.unavailable, {
      what: "the Docker context cannot be read",
      seen,
      next: "docker context ls",
      cause,
    });
  const { exitCode, stdout, stderr } = await runProcess("docker", words).catch((thrown) => {
    throw unknown(`docker cannot be run here: ${String(thrown)}`, thrown);
  });
  if (exitCode !== 0) throw unknown(stderr.trim());
  return stdout.trim();
}
