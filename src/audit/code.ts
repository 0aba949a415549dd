import type { Node, Parser } from "@vscode/tree-sitter-wasm";
import { apiCall } from "./code-api.ts";
import {
  argumentsOf,
  Constants,
  calleeOf,
  childrenOf,
  evaluate,
  isList,
  itemsOf,
  type Value,
} from "./code-values.ts";
import { type Invocation, type Reading, shift } from "./model.ts";
import { readShell } from "./shell.ts";
import { quoted } from "./shell-words.ts";

/** Calls that print, compare or collect what they are given, and run none of it. */
const quiet =
  /^(print\w*|puts|pp?|echo|logs?|debug|info|warn|warning|error|fatal\w*|trace|write\w*|append|push|extend|insert|add|expect|assert\w*|to[A-Z]\w*|be[A-Z]\w*|each|parametrize|describe|it|context|raise|\w*Error\w*|\w*Exception|Logf?|[SF]?[Pp]rint\w*|Errorf|includes?|contains?|starts_?with|ends_?with|index_?of|match\w*|\w*[eE]quals?|eq|help|add_argument|add_parser|option|description|usage|set\w*|get(?!output|statusoutput)\w*|find\w*|filter|replace\w*|Contains|HasPrefix)$/;
const quietOwner = /^(console|log|logger|logging|assert|t|test|expect|pytest|mock|vi|jest|sinon|chalk)\b/i;
const double = /mock|stub|spy|fake|called|dummy/i;

/** Functions that have a shell run a text, or a program its words, by how such are called. */
const runs =
  /^(system|[pP]open\d?e?|exec\w*|shell\w*|sh|bash|spawn\w*|run\w*|call|check_call|check_output|getoutput|getstatusoutput|sudo|local|cmd|command\w*|Command\w*|capture[23]e?|pipeline\w*|create_subprocess_\w+|ssh\w*|remote\w*|invoke|on|execute\w*|\$|zx|cli|task|quiet\w*|output|must\w*|docker\w*)$/i;

/** Without one of these words no rule is broken, and most files have none: parsing takes a hundred times longer than looking. */
const mentions =
  /prune|undeploy|\brmi\b|docuum|docker-(gc|clean)|drone\/gc|watchtower|\/var\/lib\/|image[\s\S]*\b(rm|remove|delete)|(remove|delete)[\s\S]*image/i;

/** The commands in a program of a language that tree-sitter knows: what it has a shell or an engine do. */
export function readCode(text: string, parser: Parser, reading: Reading): Invocation[] {
  if (!mentions.test(text)) return [];
  const tree = parser.parse(text);
  if (tree === null) return [];
  try {
    const constants = new Constants(tree.rootNode);
    const made: Invocation[] = [];
    const visit = (node: Node, told: boolean): void => {
      if (node.type === "subshell") made.push(...read(evaluate(node, constants), reading));
      else if (calls.has(node.type)) made.push(...callOf(node, constants, reading, text));
      else if (!told && isTable(node)) made.push(...argv(listOf(evaluate(node, constants)), reading));
      const inner = told || tells(node);
      // What decorates a function describes it: a route, a case of a test.
      if (node.type !== "decorator") for (const child of childrenOf(node)) visit(child, inner);
    };
    visit(tree.rootNode, false);
    return made;
  } finally {
    tree.delete();
  }
}

const calls = new Set(["call", "call_expression", "new_expression"]);

/** Whether what a node holds is compared or told, and not run. */
function tells(node: Node): boolean {
  if (calls.has(node.type)) return isQuiet(calleeOf(node));
  if (/^(assert_statement|comparison_operator)$/.test(node.type)) return true;
  const sign = node.childForFieldName("operator")?.text ?? "";
  if (/^[!=]==?$/.test(sign)) return true;
  const set = node.childForFieldName("left") ?? node.childForFieldName("name");
  return set !== null && /^(want|expect|expected)/i.test(set.text);
}

function isQuiet(callee: string): boolean {
  return quiet.test(lastOf(callee)) || quietOwner.test(callee) || double.test(callee);
}

/** The name at the end of a path of names. */
const lastOf = (callee: string): string => callee.slice(callee.search(/[\w$]+[?!]?$/));

const programs = /^["'`](sudo|docker|docker-compose|podman|nerdctl|crictl|abra|sh|bash)["'`]$/;

/** A list that begins with a program, as in a table of commands that a loop runs. What is put together is read where it is used. */
function isTable(node: Node): boolean {
  if (!isList(node) || /^binary/.test(node.parent?.type ?? "")) return false;
  const [first, ...more] = childrenOf(node);
  return first !== undefined && more.length > 1 && programs.test(first.text);
}

const listOf = (value: Value): readonly Value[] => (value.kind === "list" ? value.items : []);

function callOf(node: Node, constants: Constants, reading: Reading, source: string): Invocation[] {
  const callee = calleeOf(node);
  const api = apiCall(node, callee, source);
  if (api !== null) return [api];
  if (isQuiet(callee)) return [];
  const values = itemsOf(argumentsOf(node), (one) => evaluate(one, constants));
  const given = values.slice(values.findIndex(({ kind }) => kind !== "other"));
  const [first, second] = given;
  if (first?.kind === "list") return argv(forEngine(callee, first.items), reading);
  if (first?.kind !== "text") return [];
  const texts = given.filter((value) => value.kind === "text");
  // A program and its words: `spawn("docker", ["image", "prune"])`, `exec.Command("docker", "image", "prune")`.
  if (second?.kind === "list") return argv(withProgram(first, second.items), reading);
  if (texts.length > 1 && !/\s/.test(first.text)) return argv(given, reading);
  return runs.test(lastOf(callee)) ? read(first, reading) : [];
}

/** Some calls want the program's name among its words as well: `os.execvp("docker", ["docker", "image", "prune"])`. */
function withProgram(program: Extract<Value, { kind: "text" }>, items: readonly Value[]): readonly Value[] {
  const [first] = items;
  return first?.kind === "text" && first.text === program.text ? items : [program, ...items];
}

/** `docker.run(["image", "prune"])`: the program is what is called. */
function forEngine(callee: string, items: readonly Value[]): readonly Value[] {
  const [first] = items;
  const engine = /docker|podman/i.exec(callee)?.[0].toLowerCase();
  if (
    engine === undefined ||
    first?.kind !== "text" ||
    !/^(image|system|builder|buildx|rmi|compose)$/.test(first.text)
  )
    return items;
  return [{ kind: "text", text: engine, line: first.line }, ...items];
}

function read(value: Value, reading: Reading): Invocation[] {
  return value.kind === "text" ? shift(readShell(value.text, reading), value.line - 1) : [];
}

/** A list of words, of which those that are not known stand for one each. */
function argv(items: readonly Value[], reading: Reading): Invocation[] {
  const [first] = items;
  if (first?.kind !== "text") return [];
  const words = items.map((item) => (item.kind === "text" ? item.text : "$VALUE"));
  return shift(readShell(words.map(quoted).join(" "), reading), first.line - 1);
}
