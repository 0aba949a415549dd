import { lstatSync, type Stats, statSync } from "node:fs";
import { type Document, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from "yaml";
import * as z from "zod";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { readUtf8 } from "../read-utf8.ts";
import { visible } from "../report/escape.ts";
import type { Layer } from "./layers.ts";

/** All settings with a comment each take a few kilobytes. */
const mostBytes = 100_000;

/** What a settings file says; null where there is none. Throws a Failure (bad configuration) for one that cannot be read. */
export function fileLayer(path: string): Layer | null {
  const blame = {
    exitCode: ExitCode.config,
    what: "the settings file is broken",
    next: `correct ${path}, or move it away to run with the defaults; pullproof.schema.json has every setting`,
  };
  const broken = (seen: string, cause?: unknown) => new Failure(blame.exitCode, { ...blame, seen, cause });
  let text: string;
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined && lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
    requirePlain(found);
    text = readUtf8(path);
  } catch (thrown) {
    throw broken(`${path}: ${messageOf(thrown)}`, thrown);
  }
  const lines = new LineCounter();
  const at = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const parsed = parseYaml(text, lines);
  if ("offset" in parsed) throw broken(`${at(parsed.offset)}: ${parsed.problem}`);
  const { document } = parsed;
  return {
    source: "file",
    content: document.toJS() ?? {},
    origin: ({ path: key }) => `${path}:${lines.linePos(offsetOf(document, key)).line}`,
    place: (key) => [at(offsetOf(document, key)), ...named(key)].join(": "),
    blame,
  };
}

/** To read from a pipe would wait, and what is so large is no settings file. */
function requirePlain(found: Stats | undefined): void {
  if (found === undefined) throw new Error("it is a link that leads nowhere");
  if (!found.isFile()) throw new Error("it is not a regular file");
  if (found.size > mostBytes)
    throw new Error(`it has ${found.size} bytes, and a settings file has at most ${mostBytes}`);
}

/** A document that is sound as YAML, or what is wrong with it and where. */
function parseYaml(
  text: string,
  lineCounter: LineCounter,
): { document: Document.Parsed } | { problem: string; offset: number } {
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  // What YAML only warns of, such as a tag that nobody knows, would end in a value that nobody meant.
  const [mistake] = [...document.errors, ...document.warnings];
  if (mistake !== undefined) {
    const tooDeep = mistake.code === "RESOURCE_EXHAUSTION";
    return {
      problem: tooDeep ? "it is nested too deeply" : visible(mistake.message),
      offset: mistake.pos[0],
    };
  }
  let alias: number | undefined;
  visit(document, {
    Alias(_, { range }) {
      alias = range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  if (alias !== undefined)
    return { problem: "settings have no use for an alias; write the value out", offset: alias };
  return { document };
}

/** Where a key stands, or an element of a list: for a path that leads nowhere, as far as it leads. */
function offsetOf({ contents }: Document.Parsed, path: readonly PropertyKey[]): number {
  let node: unknown = contents;
  let offset = contents?.range?.[0] ?? 0;
  for (const key of path) {
    if (isMap(node)) {
      const pair = node.items.find((item) => isScalar(item.key) && String(item.key.value) === String(key));
      if (pair === undefined) break;
      offset = isNode(pair.key) ? (pair.key.range?.[0] ?? offset) : offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = isNode(node) ? (node.range?.[0] ?? offset) : offset;
    }
  }
  return offset;
}

/** `hosts[1]`; nothing for the file as a whole. */
function named(path: readonly PropertyKey[]): string[] {
  return path.length === 0 ? [] : [visible(z.core.toDotPath(path))];
}
