import * as z from "zod";
import type { Host } from "./host.ts";

/** A name and what proves it, for docker.io. The secret is held in memory only: never print, store or log one. */
export interface Credentials {
  account: string;
  secret: string;
}

/** What the docker client of the host's login user has for docker.io. */
export type Login =
  | { kind: "none" }
  | ({ kind: "found"; by: string } & Credentials)
  /** A token without a name: the client can pull with it, and nobody can tell beforehand as whom. */
  | { kind: "identity token"; by: string }
  | { kind: "unusable"; by: string; why: string };

/** Docker Hub's historic name, by which every docker client files its credentials (docker/cli, registry.IndexServer). */
export const hubKey = "https://index.docker.io/v1/";

/** Of Docker's config.json (docker/cli, cli/config/configfile), what decides which credentials are used. */
const configFile = z.object({
  auths: z
    .record(
      z.string(),
      z.object({
        auth: z.string().nullish(),
        username: z.string().nullish(),
        password: z.string().nullish(),
        identitytoken: z.string().nullish(),
      }),
    )
    .nullish(),
  credsStore: z.string().nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
});

type ConfigFile = z.infer<typeof configFile>;

const helperAnswer = z.object({ Username: z.string(), Secret: z.string() });

/** What a helper calls the user of an identity token, and what it says when it has nothing (docker-credential-helpers). */
const tokenUser = "<token>";
const notFound = "credentials not found in native keychain";

/** A helper that asks a person for a passphrase has nobody to ask, in seconds. */
const helperSeconds = 10;

/** The file's content; nothing where there is no file. */
const configScript = `
file="\${DOCKER_CONFIG:-$HOME/.docker}/config.json"
export LC_ALL=C
if content=$(cat "$file" 2>&1); then printf '%s' "$content"; exit; fi
case $content in *'No such file or directory'*) exit ;; esac
exit 1
`;

/** The helper's protocol: the registry on standard input, JSON on standard output. */
const helperScript = `printf %s "$1" | timeout "$2" "docker-credential-$3" get`;

/**
 * The name and the secret that pulls of the host's login user run with, for who asks docker.io in the same name; null
 * where there are none. Throws when that cannot be read; no error says anything of a secret.
 */
export async function readCredentials(host: Host): Promise<Credentials | null> {
  const login = await readLogin(host);
  return login.kind === "found" ? { account: login.account, secret: login.secret } : null;
}

/**
 * Looks up docker.io's credentials as a docker client does: the helper of this registry, else the credential store, and
 * only without either the file itself. Throws when the file cannot be read.
 */
export async function readLogin(host: Host): Promise<Login> {
  const config = await readConfig(host);
  // An empty helper of this registry means the file, whatever the store.
  const helper = config.credHelpers?.[hubKey] ?? config.credsStore ?? "";
  return helper === "" ? inFile(config) : byHelper(host, helper);
}

async function readConfig(host: Host): Promise<ConfigFile> {
  const { exitCode, stdout } = await host.exec(["sh", "-eu", "-c", configScript]);
  if (exitCode !== 0) throw new Error("Docker's config.json cannot be read by the login user");
  if (stdout === "") return {};
  // What a parser says of a broken text quotes it, and this one holds secrets.
  const parsed = configFile.safeParse(parseJson(stdout));
  if (parsed.success) return parsed.data;
  throw new Error("Docker's config.json is not in Docker's format");
}

function inFile({ auths }: ConfigFile): Login {
  const by = "auths of config.json";
  const entry = auths?.[hubKey];
  if (entry === undefined) return { kind: "none" };
  if (entry.identitytoken) return { kind: "identity token", by };
  if (!entry.auth) {
    const { username, password } = entry;
    if (username && password) return { kind: "found", by, account: username, secret: password };
    return {
      kind: "unusable",
      by,
      why: "the entry is empty, as it is where a credential store has the secret, and no store is named",
    };
  }
  const decoded = Buffer.from(entry.auth, "base64").toString("utf8").replace(/\0+$/, "");
  const [, account, secret] = /^([^:]+):(.+)$/s.exec(decoded) ?? [];
  if (account !== undefined && secret !== undefined) return { kind: "found", by, account, secret };
  return { kind: "unusable", by, why: "the entry does not hold a name and a password" };
}

async function byHelper(host: Host, helper: string): Promise<Login> {
  const by = `docker-credential-${helper}`;
  const unusable = (why: string): Login => ({ kind: "unusable", by, why });
  // It becomes the name of a program.
  if (!/^[\w.-]+$/.test(helper)) return unusable("this is no name of a credential helper");
  const { exitCode, stdout } = await host.exec([
    "sh",
    "-c",
    helperScript,
    "get",
    hubKey,
    String(helperSeconds),
    helper,
  ]);
  // Helpers tell errors on standard output too. Only this one is known to hold nothing secret.
  if (stdout.trim() === notFound) return { kind: "none" };
  if (exitCode === 124)
    return unusable(`it did not answer within ${helperSeconds} s, or waits for a passphrase`);
  if (exitCode === 127) return unusable("it is not installed, or not in the PATH of the login user");
  if (exitCode !== 0) return unusable(`it ended with code ${exitCode}`);
  const answer = helperAnswer.safeParse(parseJson(stdout));
  if (!answer.success) return unusable("its answer is not that of a credential helper");
  const { Username: account, Secret: secret } = answer.data;
  if (account === tokenUser) return { kind: "identity token", by };
  return account === "" || secret === ""
    ? unusable("it has an empty name or secret")
    : { kind: "found", by, account, secret };
}

/** Undefined for what is no JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
