import {
  type Assignment,
  type Command,
  forEachChild,
  type ParsedScript,
  parse,
  type Redirection,
  type SyntaxNode,
  type Word,
} from "unbash";
import { LineIndex } from "./line-index.ts";
import { type Invocation, type Language, NotParsed, type Reading, shift } from "./model.ts";
import { type Expanded, expand, type Value } from "./shell-words.ts";
import { innerOf, pastOptions } from "./wrappers.ts";

/** Text within text within text: deeper than that nobody writes. */
const deepest = 8;

/** More texts within the texts of one script are no script of a person: each may hold many. */
const mostTexts = 10_000;

/** A longer value is no list of flags: nothing is gained by knowing it, and `A=$A$A` doubles it each time. */
const longest = 4_096;

/** What comes on a command's standard input. */
interface Feed {
  inputs: readonly Invocation[];
  /** The text, where it is known, and the line on which it begins. */
  text: { content: string; line: number } | null;
}
const nothing: Feed = { inputs: [], text: null };

/** Where a command stands, and what it gets. */
interface Place extends Feed {
  line: number;
  /** The line of each of its words. */
  lines: ReadonlyMap<string, number>;
}

/**
 * The commands of a shell script. A script that is cut short, or none, gives those that can be told. Throws NotParsed where
 * texts are nested beyond reason.
 */
export function readShell(text: string, reading: Reading): Invocation[] {
  const variables = new Map<string, Value>();
  for (const [name, fields] of reading.variables) variables.set(name, { fields, inputs: [] });
  return new Script(text, reading, { variables, functions: new Map(), texts: 0 }, 0).read();
}

/** What a script and the texts within it know of one another. */
interface Known {
  readonly variables: Map<string, Value>;
  /** Commands of a function that use its arguments: what the function is called with, they are called with. */
  readonly functions: Map<string, Command[]>;
  /** So many texts were read. */
  texts: number;
}

class Script {
  readonly #text: string;
  readonly #lines: LineIndex;
  readonly #reading: Reading;
  readonly #known: Known;
  readonly #depth: number;

  constructor(text: string, reading: Reading, known: Known, depth: number) {
    this.#text = text;
    this.#lines = new LineIndex(text);
    this.#reading = reading;
    this.#known = known;
    this.#depth = depth;
  }

  read(feed: Feed = nothing): Invocation[] {
    return this.#walk(parse(this.#text), feed);
  }

  #walk(node: SyntaxNode, feed: Feed): Invocation[] {
    switch (node.type) {
      case "Command":
        return this.#command(node, feed);
      case "Pipeline": {
        const made: Invocation[] = [];
        let current = feed;
        for (const stage of node.commands) {
          const own = this.#walk(stage, current);
          made.push(...own);
          current = { inputs: [...current.inputs, ...own], text: this.#spoken(stage, current) };
        }
        return made;
      }
      case "Redirected":
        return this.#walk(node.command, this.#redirected(node.redirects, feed));
      case "For":
      case "Select": {
        const words = (node.wordlist ?? []).map((word) => this.#expand(word));
        this.#known.variables.set(node.name.value, oneOf(node.name.value, words));
        const substituted = words.flatMap(({ made }) => made);
        return [...substituted, ...this.#walk(node.body, feed)];
      }
      case "Function":
        this.#known.functions.set(node.name.value, commandsWithArguments(node.body));
        return this.#walk(node.body, nothing);
      case "CommandExpansion":
        return node.script === undefined ? [] : this.#walk(node.script, feed);
      default: {
        const made: Invocation[] = [];
        forEachChild(node, (child) => void made.push(...this.#walk(child, feed)));
        return made;
      }
    }
  }

  #command(node: Command, feed: Feed): Invocation[] {
    const made: Invocation[] = [];
    const inputs: Invocation[] = [];
    const lines = new Map<string, number>();
    const expanded = (word: Word): string[] => {
      const { fields, inputs: from, made: substituted } = this.#expand(word);
      made.push(...substituted);
      inputs.push(...from);
      for (const field of fields) lines.set(field, this.#lines.of(word.pos));
      return fields;
    };
    for (const one of node.prefix) if (one.type === "Assignment") made.push(...this.#assign(one));
    if (node.name === undefined) return made;
    const words = [
      ...expanded(node.name),
      ...node.args.flatMap((one) => {
        if (one.type === "Word") return expanded(one);
        made.push(...this.#assign(one));
        return [`${one.name}=${this.#known.variables.get(one.name)?.fields.join(" ") ?? ""}`];
      }),
    ];
    const { inputs: fed, text } = this.#redirected(node.redirects, feed);
    const line = this.#lines.of(node.name.pos);
    const at = { line, lines, inputs: [...inputs, ...fed], text };
    for (const body of this.#known.functions.get(words[0] ?? "") ?? [])
      made.push(...this.#run(this.#called(body, words.slice(1)), at));
    made.push(...this.#run(words, at));
    made.push(...this.#written(node, words, feed));
    return made;
  }

  /** A command and whatever it has run in its turn. */
  #run(words: readonly string[], at: Place): Invocation[] {
    const { line, inputs } = at;
    const made: Invocation[] = words.length === 0 ? [] : [{ words, line, inputs }];
    if (this.#depth >= deepest) return made;
    for (const inner of innerOf(words)) {
      if ("words" in inner) made.push(...this.#run(inner.words, at));
      else if ("text" in inner)
        made.push(...this.#embedded(inner.language, inner.text, at.lines.get(inner.text) ?? line, inputs));
      else if (at.text !== null)
        made.push(...this.#embedded(inner.stdin, at.text.content, at.text.line, inputs));
    }
    return made;
  }

  #embedded(
    language: Language,
    text: string,
    line: number,
    inputs: readonly Invocation[] = [],
  ): Invocation[] {
    if (language !== "shell") return shift(this.#reading.embed(language, text), line - 1);
    this.#known.texts += 1;
    if (this.#known.texts > mostTexts) throw new NotParsed("there are too many texts within texts");
    const script = new Script(text, this.#reading, this.#known, this.#depth + 1);
    return shift(script.read({ inputs, text: null }), line - 1);
  }

  /** The words of a function's command with those that the function was called with. */
  #called(body: Command, given: readonly string[]): string[] {
    const words = body.name === undefined ? [] : [body.name, ...body.args];
    return words.flatMap((word) =>
      word.type !== "Word" ? [word.text] : isArguments(word) ? given : this.#plain(word),
    );
  }

  /** What a word becomes, without a second look at what is substituted in it. */
  #plain(word: Word): string[] {
    return expand(word, { get: (name) => this.#known.variables.get(name), substitute: () => [] }).fields;
  }

  #expand(word: Word): Expanded & { made: Invocation[] } {
    const made: Invocation[] = [];
    const substitute = (script: ParsedScript): Invocation[] => {
      const { source } = script;
      // A script between backticks in which something is escaped is a text of its own.
      const own =
        source === undefined
          ? this.#walk(script, nothing)
          : this.#embedded("shell", source, this.#lines.of(word.pos));
      made.push(...own);
      return own;
    };
    return { ...expand(word, { get: (name) => this.#known.variables.get(name), substitute }), made };
  }

  #assign({ name, value, append }: Assignment): Invocation[] {
    const words = value.type === "ArrayValue" ? value.elements : [value];
    const expanded = words.map((word) => this.#expand(word));
    const fields = expanded.flatMap(({ fields }) => fields);
    const before = append === true ? this.#known.variables.get(name) : undefined;
    const joined =
      value.type === "ArrayValue"
        ? [...(before?.fields ?? []), ...fields]
        : [`${before?.fields.join(" ") ?? ""}${fields.join(" ")}`];
    const inputs = [...(before?.inputs ?? []), ...expanded.flatMap(({ inputs }) => inputs)];
    const long = joined.reduce((sum, field) => sum + field.length + 1, 0) > longest;
    this.#known.variables.set(name, { fields: long ? [`$${name}`] : joined, inputs: [...new Set(inputs)] });
    return expanded.flatMap(({ made }) => made);
  }

  /** Standard input after `<<`, `<<<` and `< <(…)`. */
  #redirected(redirects: readonly Redirection[], feed: Feed): Feed {
    let { inputs, text } = feed;
    for (const one of redirects) {
      if (one.type === "HereDoc") text = { content: bodyOf(one), line: this.#lines.of(one.body.pos) };
      else if (one.target !== undefined && (one.type === "HereString" || one.operator === "<")) {
        const { fields, inputs: from } = this.#expand(one.target);
        inputs = [...inputs, ...from];
        if (one.type === "HereString") text = { content: fields.join(" "), line: this.#lines.of(one.pos) };
      }
    }
    return { inputs, text };
  }

  /** What a command prints, where it does nothing but print a known text. */
  #spoken(node: SyntaxNode, feed: Feed): Feed["text"] {
    if (node.type === "Subshell" || node.type === "BraceGroup") {
      const parts = node.body.commands.flatMap(({ command }) => this.#spoken(command, nothing) ?? []);
      const [first] = parts;
      return first === undefined
        ? null
        : { content: parts.map(({ content }) => content).join("\n"), line: first.line };
    }
    if (node.type !== "Command") return null;
    const name = programOf(
      node.name?.value,
      node.args.map(({ text }) => text),
    );
    if (name === "cat" || name === "tee") return this.#redirected(node.redirects, feed).text;
    if (name !== "echo" && name !== "printf") return null;
    const fields = node.args.flatMap((word) => (word.type === "Word" ? this.#plain(word) : []));
    const words = fields.filter((field) => !/^-[neE]+$/.test(field) && !/^(%[sb](\\n)?)+$/.test(field));
    return { content: words.join(" ").replaceAll("\\n", "\n"), line: this.#lines.of(node.pos) };
  }

  /** The commands in a script, a unit or a crontab that a command writes: `cat > /etc/cron.d/prune <<EOF`. */
  #written(node: Command, words: readonly string[], feed: Feed): Invocation[] {
    const text = this.#spoken(node, feed);
    if (text === null) return [];
    const targets = node.redirects.flatMap((one) =>
      one.type === "Redirect" && one.operator.startsWith(">") && one.target !== undefined
        ? this.#expand(one.target).fields
        : [],
    );
    const files = programOf(words[0], words.slice(1)) === "tee" ? words.slice(1) : [];
    return [...targets, ...files].flatMap((path) => {
      const language = this.#reading.languageOf(path, text.content);
      return language === null ? [] : this.#embedded(language, text.content, text.line);
    });
  }
}

/** A loop's variable: any of the words that it runs over, or what a command prints. */
function oneOf(name: string, words: readonly Expanded[]): Value {
  const fields = words.flatMap(({ fields }) => fields);
  const inputs = words.flatMap(({ inputs }) => inputs);
  return { fields: inputs.length > 0 || fields.length === 0 ? [`$${name}`] : fields, inputs };
}

/** The program that runs, `sudo` or not. */
function programOf(name: string | undefined, args: readonly string[]): string | undefined {
  return name === "sudo" ? pastOptions(args, ["-u"])[0] : name;
}

const isArguments = ({ text }: Word): boolean => /^"?\$(\{[@*]\}|[@*])"?$/.test(text);

/** The commands of a function's body that are given its arguments. */
function commandsWithArguments(body: SyntaxNode): Command[] {
  const found: Command[] = [];
  const visit = (node: SyntaxNode): void => {
    if (node.type === "Command" && node.name !== undefined) {
      const words = [node.name, ...node.args];
      if (words.some((word) => word.type === "Word" && isArguments(word))) found.push(node);
    }
    forEachChild(node, visit);
  };
  visit(body);
  return found;
}

/** The text of a here-document, as the command gets it. */
function bodyOf({ body, operator, delimiter }: Extract<Redirection, { type: "HereDoc" }>): string {
  const text = operator === "<<-" ? body.text.replace(/^\t+/gm, "") : body.text;
  return delimiter?.quoted === true ? text : text.replace(/\\([$`\\])/g, "$1");
}
