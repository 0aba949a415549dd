import type { Host } from "../../host/host.ts";
import { withoutPasswords } from "../../without-passwords.ts";
import type { AbraFound, ClientFacts } from "../facts.ts";
import { linesOf, runScript } from "./script.ts";

/** Exits with 0 and without a word where there is none. */
const abraScript = `
command -v abra || exit 0
abra --version
`;

/** The abra in the PATH of the host's login user, by its version alone. */
export async function abraOf(host: Host): Promise<AbraFound> {
  const [path = null, ...printed] = linesOf(await runScript(host, abraScript));
  const version = /^abra version (\S+)/m.exec(printed.join("\n"))?.[1] ?? null;
  return { path, version, problems: [] };
}

/**
 * Variables of docker clients that say which engine they speak with, and how; and that have a say in what is pulled, and
 * as whom (https://docs.docker.com/reference/cli/docker/#environment-variables).
 */
const variables = [
  "DOCKER_HOST",
  "DOCKER_CONTEXT",
  "DOCKER_TLS",
  "DOCKER_TLS_VERIFY",
  "DOCKER_CERT_PATH",
  "DOCKER_API_VERSION",
  "DOCKER_AUTH_CONFIG",
  "DOCKER_CONTENT_TRUST",
  "DOCKER_DEFAULT_PLATFORM",
];

const clientScript = `
docker version --format '{{.Client.Version}}'
docker info --format '{{.ID}}'
for name in "$@"; do
  eval "value=\\\${$name-}"
  [ -z "$value" ] || printf '%s\\n' "$name"
done
`;

/** The docker client of the host's login user, and which engine it speaks with. */
export async function clientOf(host: Host): Promise<ClientFacts | { unusable: string }> {
  const { exitCode, stdout, stderr } = await host.exec(["sh", "-euc", clientScript, "look", ...variables]);
  if (exitCode !== 0) return { unusable: withoutPasswords(stderr.trim()) || `code ${exitCode}` };
  const [version = "", engine = "", ...set] = linesOf(stdout);
  return { version, engine, variables: set };
}
