import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseAllDocuments,
  Scalar,
  type YAMLMap,
} from "yaml";
import { ansibleTask } from "./ansible.ts";
import { type Invocation, invocation, NotParsed, type Reader, type Reading, shift } from "./model.ts";
import { readShell } from "./shell.ts";
import { quoted } from "./shell-words.ts";
import { assignmentsOf, pairsOf, partsOf, stringOf } from "./yaml-nodes.ts";

/** Keys whose texts a shell runs, as one text or as a list of lines: CI systems, Ansible, cloud-init, Taskfile. */
const scripts = new Set(
  (
    "run script before_script after_script commands cmds shell raw bash inlineScript job runcmd bootcmd " +
    "postCreateCommand postStartCommand onCreateCommand updateContentCommand initializeCommand ExecStart"
  ).split(" "),
);
/** Keys that hold one command, as a text or as a list of words: compose, Kubernetes, Ansible, pre-commit. */
const commandKeys = new Set("command cmd entrypoint argv entry args".split(" "));
const variableKeys = new Set(["env", "variables", "environment", "vars"]);

/**
 * A YAML file, of whichever system: what its keys say is run. JSON is YAML, so the scripts of a package.json are
 * read as well. Throws NotParsed where the text is no YAML.
 */
export const readYaml: Reader = (text, reading) => {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter, uniqueKeys: false, logLevel: "silent" });
  if (!Array.isArray(documents)) return [];
  const [error] = documents.flatMap(({ errors }) => errors);
  if (error !== undefined) throw new NotParsed(error.message, { cause: error });
  return documents.flatMap((document) => new YamlFile(text, document, lineCounter, reading).read());
};

class YamlFile {
  readonly #text: string;
  readonly #document: Document.Parsed;
  readonly #lines: LineCounter;
  readonly #reading: Reading;
  readonly #variables = new Map<string, readonly string[]>();
  /** What aliases stood for that was read: once is enough, and aliases of aliases grow without bounds. */
  readonly #resolved = new Set<unknown>();

  constructor(text: string, document: Document.Parsed, lines: LineCounter, reading: Reading) {
    this.#text = text;
    this.#document = document;
    this.#lines = lines;
    this.#reading = reading;
  }

  read(): Invocation[] {
    const { contents } = this.#document;
    this.#collect(contents);
    const reading = { ...this.#reading, variables: this.#variables };
    return this.#walk(contents, reading, null);
  }

  /** Variables of the whole file, wherever they are set: which of them a job sees is left to its author. */
  #collect(node: unknown): void {
    for (const { key, value } of pairsOf(node)) {
      if (variableKeys.has(key)) {
        for (const one of pairsOf(value)) {
          const content = stringOf(one.value);
          if (content !== null) this.#variables.set(one.key, [content]);
        }
        for (const [name, content] of assignmentsOf(value)) this.#variables.set(name, [content]);
      }
      this.#collect(value);
    }
    if (isSeq(node)) for (const item of node.items) this.#collect(item);
  }

  #walk(node: unknown, reading: Reading, parent: string | null): Invocation[] {
    if (isSeq(node)) return node.items.flatMap((item) => this.#walk(item, reading, parent));
    if (!isMap(node)) return [];
    const made: Invocation[] = [...this.#container(node), ...ansibleTask(node, (one) => this.#lineOf(one))];
    const pairs = pairsOf(node);
    const of = (key: string) => pairs.find((pair) => pair.key === key)?.value;
    for (const { key, value } of pairs) {
      const name = key.slice(key.lastIndexOf(".") + 1);
      if (parent === "scripts" || scripts.has(name)) made.push(...this.#script(value, reading));
      // `command` with `args`: the one begins what the other ends.
      else if (name === "command" && isSeq(of("args")))
        made.push(...this.#command([...partsOf(value), ...partsOf(of("args"))], reading));
      else if (name === "args" && of("command") !== undefined) continue;
      else if (commandKeys.has(name))
        made.push(...(isSeq(value) ? this.#command(partsOf(value), reading) : this.#script(value, reading)));
      else if (name === "content") made.push(...this.#file(node, value));
      made.push(...this.#walk(value, reading, key));
    }
    return made;
  }

  /** A text, or a list of lines, for a shell. In a list of lists each is a command; an alias stands for more lines. */
  #script(value: unknown, reading: Reading): Invocation[] {
    if (isAlias(value)) {
      const node = value.resolve(this.#document);
      if (this.#resolved.has(node)) return [];
      this.#resolved.add(node);
      return this.#script(node, reading);
    }
    if (!isSeq(value)) return isScalar(value) ? this.#shell([value], reading) : [];
    const { items } = value;
    return [
      ...items.filter(isSeq).flatMap((item) => this.#command(partsOf(item), reading)),
      ...items.filter(isAlias).flatMap((item) => this.#script(item, reading)),
      ...this.#shell(items.filter(isScalar), reading),
    ];
  }

  #shell(scalars: readonly Scalar[], reading: Reading): Invocation[] {
    return this.#placed(
      scalars.flatMap((scalar) => this.#textOf(scalar) ?? []),
      "\n",
      reading,
    );
  }

  #command(scalars: readonly Scalar[], reading: Reading): Invocation[] {
    const words = scalars.flatMap((scalar) => this.#textOf(scalar) ?? []);
    const alone = words.length === 1;
    return this.#placed(
      words.map(({ content, line }) => ({ content: alone ? content : quoted(content), line })),
      " \\\n",
      reading,
    );
  }

  /** Reads texts as one, each on its own line of the file. */
  #placed(
    texts: readonly { content: string; line: number }[],
    lineEnd: string,
    reading: Reading,
  ): Invocation[] {
    const [first] = texts;
    if (first === undefined) return [];
    let whole = first.content;
    let end = first.line + first.content.split("\n").length - 1;
    for (const { content, line } of texts.slice(1)) {
      whole += line > end ? lineEnd.repeat(line - end) : lineEnd === "\n" ? "; " : " ";
      whole += content;
      end = Math.max(end, line) + content.split("\n").length - 1;
    }
    return shift(readShell(whole, reading), first.line - 1);
  }

  /** A service with an image is the container that an engine runs for it. */
  #container(node: YAMLMap): Invocation[] {
    const pairs = pairsOf(node);
    const image = pairs.find(({ key }) => key === "image");
    const name = stringOf(image?.value);
    if (image === undefined || name === null) return [];
    const environment = pairs
      .filter(({ key }) => variableKeys.has(key))
      .flatMap(({ value }) => [
        ...pairsOf(value).map((pair) => [pair.key, stringOf(pair.value) ?? ""] as const),
        ...assignmentsOf(value),
      ]);
    const command = pairs
      .filter(({ key }) => key === "command" || key === "args")
      .flatMap(({ value }) => partsOf(value).flatMap((part) => String(part.value).split(/\s+/)));
    const words = [...environment.flatMap(([key, value]) => ["-e", `${key}=${value}`]), name, ...command];
    return [invocation(["docker", "run", ...words], this.#lineOf(image.value as Node))];
  }

  /** A file that is written: cloud-init's `write_files`, Ansible's `copy`. */
  #file(node: YAMLMap, value: unknown): Invocation[] {
    const pairs = pairsOf(node);
    const path = stringOf(pairs.find(({ key }) => key === "path" || key === "dest")?.value);
    const text = isScalar(value) ? this.#textOf(value) : null;
    if (path === null || text === null) return [];
    const language = this.#reading.languageOf(path, text.content);
    return language === null ? [] : shift(this.#reading.embed(language, text.content), text.line - 1);
  }

  #lineOf(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line;
  }

  /** A scalar's text, in which each line is where the file has it as far as that goes, and its first line. */
  #textOf(scalar: Scalar): { content: string; line: number } | null {
    if (typeof scalar.value !== "string" && typeof scalar.value !== "number") return null;
    const line = this.#lineOf(scalar);
    const value = withoutExpressions(String(scalar.value));
    if (scalar.type === Scalar.BLOCK_LITERAL) return { content: value, line: line + 1 };
    if (scalar.type !== Scalar.BLOCK_FOLDED) return { content: value, line };
    const [begin, end] = scalar.range ?? [0, 0];
    const rows = this.#text.slice(begin, end).split("\n").slice(1);
    const folded = rows.map((row, index) => {
      const next = rows[index + 1]?.trim() ?? "";
      return row.trim() === "" || next === "" ? row : `${row} \\`;
    });
    return { content: withoutExpressions(folded.join("\n")), line: line + 1 };
  }
}

/** `${{ env.FLAGS }}` and `{{ flags }}` as variables of a shell; what is more than a name is one that nobody knows. */
function withoutExpressions(text: string): string {
  return text
    .replace(
      /\$?\{\{-?\s*(?:(?:env|vars|inputs|matrix|variables|parameters)\.)?([A-Za-z_][\w]*)\s*-?\}\}/g,
      (_, name: string) => `\${${name}}`,
    )
    .replace(/\$?\{\{.*?\}\}/gs, "$EXPRESSION")
    .replace(/\{%.*?%\}/gs, "");
}
