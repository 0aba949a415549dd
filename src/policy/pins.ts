import { parse } from "yaml";
import * as z from "zod";
import { messageOf } from "../model/failure.ts";
import { familiar, type Reference } from "../model/reference.ts";
import type { Names } from "./images.ts";

const composeFile = z
  .object({
    services: z.record(z.string(), z.object({ image: z.string().optional() }).nullable()).nullish(),
  })
  .nullable();

/**
 * The image references that a compose file pins, each once. A variable with a default is replaced by that; any other
 * by `*`, because what it will be is not known. Throws an Error when the text is not a compose file.
 */
export function pinnedImages(composeText: string): string[] {
  const services = Object.values(readCompose(composeText)?.services ?? {});
  const images = services.flatMap((service) => service?.image ?? []).map(interpolate);
  return [...new Set(images)].filter((image) => image !== "");
}

function readCompose(text: string): z.infer<typeof composeFile> {
  let content: unknown;
  try {
    // Merge keys are part of compose, and so are tags such as !reset, of which the parser would warn aloud.
    content = parse(text, { merge: true, logLevel: "error" });
  } catch (thrown) {
    throw new Error(`it is not YAML: ${messageOf(thrown)}`, { cause: thrown });
  }
  const parsed = composeFile.safeParse(content);
  if (!parsed.success) throw new Error(`it is not a compose file: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

/** An expression without another one in it: `${NAME}`, `${NAME:-default}`, `${NAME?error}`, `$NAME`. */
const innermost = /\$\{\w+(?:(:?[-+?])([^${}]*))?\}|\$\w+/g;

/** Replaces variables by the rules of https://docs.docker.com/reference/compose-file/interpolation/. */
function interpolate(image: string): string {
  const replaced = image.replace(innermost, (_, operator?: string, word = "") =>
    operator?.endsWith("-") ? word : "*",
  );
  if (replaced !== image) return interpolate(replaced);
  // What is left is no expression that compose knows: anything may be meant.
  return image.replace(/\$.*$/, "*").replace(/\*+/g, "*");
}

/** Whether a pin leaves open what it names. */
export function isOpen(pin: string): boolean {
  return pin.includes("*");
}

/**
 * Reads an open pin. What it resolves to cannot be known, so the function that comes back tells of each image of a
 * repository that fits that it may be meant, but for those that carry only tags of it that do not fit.
 */
export function openPin(pin: string): (names: Names) => boolean {
  const [named = "", digest = "*"] = pin.split("@", 2);
  if (!isOpen(digest)) return ({ digests }) => digests.some((name) => name.digest === digest);
  const { repository, tag } = openParts(named);
  const fits = (name: Reference) => spellings(name).some((spelling) => repository.test(spelling));
  return ({ tags, digests }) =>
    tags.some((name) => tag.test(name.tag ?? "latest") && fits(name)) ||
    digests.some((name) => fits(name) && !tags.some(({ repository }) => repository === name.repository));
}

/** A variable may hold the tag together with what is before it: then any tag fits. */
function openParts(named: string): { repository: RegExp; tag: RegExp } {
  const last = named.lastIndexOf("/") + 1;
  const colon = named.indexOf(":", last);
  if (colon >= 0) return { repository: pattern(named.slice(0, colon)), tag: pattern(named.slice(colon + 1)) };
  return { repository: pattern(named), tag: pattern(isOpen(named.slice(last)) ? "*" : "latest") };
}

/** `*` is any text, slashes and all: a variable can hold them. */
function pattern(text: string): RegExp {
  const parts = text.split("*").map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`);
}

/** Every way to write a repository. */
function spellings({ repository, hub }: Reference): string[] {
  if (!hub) return [repository];
  const short = familiar(repository);
  return [short, repository, `docker.io/${short}`, `docker.io/${repository}`];
}
