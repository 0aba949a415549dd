import { type Dispatcher, request } from "undici";
import * as z from "zod";
import { witnessAgent } from "../check/history.ts";
import type { Body } from "../model/evidence.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { parseReference } from "../model/reference.ts";

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
  layers: z.array(z.object({ digest: z.string(), size: z.number() })),
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
  const ask = asker(access, registry, repository, reference);
  const first = await ask(digest ?? tag);
  const many = index.safeParse(first.body);
  const chosen = many.data?.manifests.find(
    ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
  );
  if (many.success && chosen === undefined)
    throw failure(
      reference,
      `there is none for linux/${architecture}`,
      "name an image that the host can run",
    );
  const { config, layers } = manifest.parse((chosen === undefined ? first : await ask(chosen.digest)).body);
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
    registry: hub ? "registry-1.docker.io" : domain,
    repository: hub ? repository : rest.join("/"),
    tag: tag ?? "latest",
    digest,
  };
}

interface Answer {
  digest: string;
  body: unknown;
}

function asker(access: RegistryAccess, registry: string, repository: string, reference: string) {
  const { dispatcher, account } = access;
  let authorization: string | undefined;
  return async (name: string): Promise<Answer> => {
    const url = `https://${registry}/v2/${repository}/manifests/${name}`;
    const get = () =>
      request(url, {
        dispatcher,
        headers: {
          "user-agent": witnessAgent,
          accept,
          ...(authorization === undefined ? {} : { authorization }),
        },
      });
    let answer = await get();
    if (answer.statusCode === 401 && authorization === undefined) {
      const challenge = String(answer.headers["www-authenticate"] ?? "");
      await answer.body.dump();
      // Docker Hub's account is nobody else's business.
      authorization = await token(
        dispatcher,
        challenge,
        registry === "registry-1.docker.io" ? account : null,
      );
      answer = await get();
    }
    const text = await answer.body.text();
    if (answer.statusCode === 200)
      return { digest: String(answer.headers["docker-content-digest"] ?? ""), body: JSON.parse(text) };
    throw failure(
      reference,
      `${registry} answers ${answer.statusCode}: ${text.slice(0, 300)}`,
      nextFor(answer.statusCode),
    );
  };
}

/** The token that a Bearer challenge asks for (https://distribution.github.io/distribution/spec/auth/token/). */
async function token(
  dispatcher: Dispatcher,
  challenge: string,
  account: RegistryAccess["account"],
): Promise<string> {
  const parameter = (name: string) => new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1];
  const realm = parameter("realm");
  if (!/^Bearer /i.test(challenge) || realm === undefined)
    throw new Error(`the registry asks for ${challenge}`);
  const url = new URL(realm);
  for (const name of ["service", "scope"]) {
    const value = parameter(name);
    if (value !== undefined) url.searchParams.set(name, value);
  }
  const basic = account && Buffer.from(`${account.name}:${account.pat}`).toString("base64");
  const answer = await request(url, {
    dispatcher,
    headers: { "user-agent": witnessAgent, ...(basic === null ? {} : { authorization: `Basic ${basic}` }) },
  });
  const body = (await answer.body.json().catch(() => ({}))) as { token?: string; access_token?: string };
  const found = body.token ?? body.access_token;
  if (answer.statusCode === 200 && found !== undefined) return `Bearer ${found}`;
  throw new Failure(ExitCode.unavailable, {
    what: "the registry gives no token",
    seen: `${url.host} answers ${answer.statusCode}${account === null ? "" : ` to ${account.name}`}`,
    next: answer.statusCode === 401 ? renew : "run the command again when the registry answers",
  });
}

const renew = "renew the access token and log in again on the host: docker login";

function nextFor(status: number): string {
  if (status === 429)
    return "wait until the pull budget is given back (six hours at the most), or log in as an account with a larger one";
  if (status === 401 || status === 403) return renew;
  if (status === 404) return "correct the recipe: no registry has this image";
  return "run the command again when the registry answers";
}

function failure(reference: string, seen: string, next: string): Failure {
  return new Failure(ExitCode.unavailable, {
    what: `what the registry has under ${reference} is not known`,
    seen,
    next,
  });
}
