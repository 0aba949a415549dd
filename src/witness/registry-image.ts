import { createHash } from "node:crypto";
import { type Dispatcher, request } from "undici";
import * as z from "zod";
import { witnessAgent } from "../check/history.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { parseReference } from "../model/reference.ts";
import { parseJson } from "../parse-json.ts";
import { base64 } from "../secrets.ts";
import { whenBack } from "./rate-limit.ts";

/** How a registry is asked. */
export interface RegistryAccess {
  dispatcher: Dispatcher;
  /** Account of docker.io; null for nobody. */
  account: { name: string; pat: string } | null;
}

const accept = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.docker.distribution.manifest.v2+json",
].join(", ");

const index = z.object({
  manifests: z.array(
    z.object({
      digest: z.string(),
      platform: z.object({ os: z.string(), architecture: z.string() }).optional(),
    }),
  ),
});
const manifest = z.object({
  config: z.object({ digest: z.string() }),
  // Of an image without layers, nothing could show whether it was downloaded.
  layers: z.array(z.object({ digest: z.string(), size: z.number() })).min(1),
});

/**
 * What a registry has under a reference, for one platform: its digest and the sizes of its layers, by the distribution
 * specification (https://github.com/opencontainers/distribution-spec). An image for several platforms takes two manifest
 * GETs, each of which Docker Hub counts. Throws a Failure when the registry has no such image, or does not tell.
 */
export async function registryImage(
  access: RegistryAccess,
  reference: string,
  architecture: string,
): Promise<Body<"published">> {
  const { registry, repository, tag, digest } = registryName(reference);
  const unknown = (seen: string, next: string, cause?: unknown) =>
    new Failure(ExitCode.unavailable, {
      what: `what the registry has under ${reference} is not known`,
      seen,
      next,
      cause,
    });
  const ask = asker(access, registry, repository, unknown);
  const first = await ask(digest ?? tag);
  const many = index.safeParse(first.body);
  const chosen = many.data?.manifests.find(
    ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
  );
  if (many.success && chosen === undefined)
    throw unknown(`there is none for linux/${architecture}`, "name an image that the host can run");
  const found = manifest.safeParse((chosen === undefined ? first : await ask(chosen.digest)).body);
  if (!found.success)
    throw unknown(`${registry} answers with what is no manifest of an image with layers`, correct);
  const { config, layers } = found.data;
  return {
    repository: parseReference(reference).repository,
    tag,
    variant: "as found",
    digest: first.digest,
    config: config.digest,
    layers: layers.map((layer) => ({ digest: layer.digest, bytes: layer.size })),
  };
}

/** Where a reference leads. */
function registryName(reference: string) {
  const { hub, repository, tag, digest } = parseReference(reference);
  const [domain = "", ...rest] = repository.split("/");
  return {
    registry: hub ? dockerHub : domain,
    repository: hub ? repository : rest.join("/"),
    tag: tag ?? "latest",
    digest,
  };
}

/** Where docker.io serves images, and where it gives tokens: the only two that its account is any business of. */
const [dockerHub, dockerHubTokens] = ["registry-1.docker.io", "https://auth.docker.io"];

type Unknown = (seen: string, next: string, cause?: unknown) => Failure;

interface Answer {
  /** SHA-256 of what was answered, which is what names it. */
  digest: string;
  body: unknown;
}

function asker(access: RegistryAccess, registry: string, repository: string, unknown: Unknown) {
  let authorization: string | undefined;
  return async (name: string): Promise<Answer> => {
    const url = `https://${registry}/v2/${repository}/manifests/${name}`;
    const get = () => {
      const headers = { accept, ...(authorization === undefined ? {} : { authorization }) };
      return send(access.dispatcher, url, headers, unknown);
    };
    let answer = await get();
    if (answer.statusCode === 401 && authorization === undefined) {
      const challenge = String(answer.headers["www-authenticate"] ?? "");
      await answer.body.dump();
      const account = registry === dockerHub ? access.account : null;
      authorization = await token({ ...access, account }, challenge, unknown);
      answer = await get();
    }
    const bytes = Buffer.from(await answer.body.arrayBuffer());
    const text = bytes.toString();
    if (answer.statusCode !== 200)
      throw unknown(`${registry} answers ${answer.statusCode}${codesIn(text)}`, nextFor(answer));
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const said = answer.headers["docker-content-digest"] ?? digest;
    const asked = name.startsWith("sha256:") ? name : digest;
    if (said !== digest || asked !== digest)
      throw unknown(`${registry} answers with other content than it names, ${digest}`, tryAgain);
    return { digest, body: parseJson(text) };
  };
}

async function send(
  dispatcher: Dispatcher,
  url: string | URL,
  headers: Record<string, string>,
  unknown: Unknown,
): Promise<Dispatcher.ResponseData> {
  try {
    return await request(url, { dispatcher, headers: { "user-agent": witnessAgent, ...headers } });
  } catch (thrown) {
    const { code = messageOf(thrown) } = thrown as { code?: string };
    throw unknown(`${new URL(url).host} cannot be asked: ${code}`, tryAgain, thrown);
  }
}

/**
 * The error codes of a registry's answer. Nothing else of it: a server may send back what it was asked with, a token
 * included.
 */
function codesIn(text: string): string {
  const { data } = errors.safeParse(parseJson(text));
  const codes = data?.errors.map(({ code }) => code).join(", ") ?? "";
  return codes === "" ? "" : ` (${codes})`;
}

const errors = z.object({ errors: z.array(z.object({ code: z.string().regex(/^[A-Z_]{1,40}$/) })).max(9) });

/**
 * The token that a Bearer challenge asks for (https://distribution.github.io/distribution/spec/auth/token/). The account
 * goes to Docker Hub's own token server alone, whoever the challenge names.
 */
async function token(
  { dispatcher, account }: RegistryAccess,
  challenge: string,
  unknown: Unknown,
): Promise<string> {
  const parameter = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(challenge)?.[1];
  const url = URL.parse(parameter("realm") ?? "");
  if (!/^Bearer /i.test(challenge) || url?.protocol !== "https:")
    throw unknown(`the registry asks for another login than a token: ${challenge || "none"}`, correct);
  for (const name of ["service", "scope"]) {
    const value = parameter(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const whose = url.origin === dockerHubTokens ? account : null;
  const basic = whose === null ? {} : { authorization: `Basic ${base64(`${whose.name}:${whose.pat}`)}` };
  const answer = await send(dispatcher, url, basic, unknown);
  const body = tokenAnswer.safeParse(parseJson(await answer.body.text()));
  const found = body.data?.token ?? body.data?.access_token;
  if (answer.statusCode === 200 && found !== undefined) return `Bearer ${found}`;
  const whom = whose === null ? "nobody" : whose.name;
  throw unknown(`${url.host} answers ${answer.statusCode} to ${whom}, and gives no token`, nextFor(answer));
}

const tokenAnswer = z.object({ token: z.string().optional(), access_token: z.string().optional() });

const correct = "correct the recipe: no registry has such an image";
const tryAgain = "run the command again when the registry answers";

function nextFor({ statusCode, headers }: Dispatcher.ResponseData): string {
  if (statusCode === 429) return `${whenBack(headers)}; or log in as an account with a larger budget`;
  if (statusCode === 401 || statusCode === 403)
    return "renew the access token and log in again on the host: docker login";
  return statusCode === 404 ? correct : tryAgain;
}
