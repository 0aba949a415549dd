import type { Node } from "@vscode/tree-sitter-wasm";

/** What an expression is, as far as the text tells. */
export type Value =
  | { kind: "text"; text: string; line: number }
  | { kind: "list"; items: readonly Value[] }
  | { kind: "other" };

const other: Value = { kind: "other" };
/** Constants that name constants, calls within calls: deeper than that nobody writes. */
const deepest = 12;

const strings = new Set([
  "string",
  "template_string",
  "concatenated_string",
  "chained_string",
  "interpreted_string_literal",
  "raw_string_literal",
  "bare_string",
  "subshell",
]);
const lists = new Set(["list", "tuple", "array", "literal_value", "string_array"]);
const names = new Set(["identifier", "constant", "member_expression", "attribute", "selector_expression"]);

/** Whether a node is a literal list. */
export const isList = (node: Node): boolean => lists.has(node.type);

/** Calls that give the text that they are called on, or with, as far as a command is concerned. */
const keeps =
  /(^|\.)(format|strip|trim|trimEnd|dedent|squish|freeze|strip_heredoc|Sprintf|String|raw|TrimSpace)$/;
const splits = /(^|\.)(split|Fields|shellsplit|shellwords)$/;

/** What the constants and variables of one file are set to, by name. */
export class Constants {
  readonly #nodes = new Map<string, Node[]>();

  constructor(root: Node) {
    this.#collect(root);
  }

  /** The last that a name was set to before some place; where there is none before it, the first after it. */
  of(name: string, before: number): Node | undefined {
    const all = this.#nodes.get(name) ?? [];
    return all.findLast((node) => node.startIndex < before) ?? all[0];
  }

  #collect(node: Node): void {
    const [name, value] = assignmentOf(node);
    if (name !== undefined && value !== undefined) {
      const known = this.#nodes.get(name) ?? [];
      known.push(value);
      this.#nodes.set(name, known);
    }
    for (const child of childrenOf(node)) this.#collect(child);
  }
}

/** The name that a statement or an entry of an object sets, and its value. */
function assignmentOf(node: Node): [string | undefined, Node | undefined] {
  const field = (name: string) => node.childForFieldName(name) ?? undefined;
  switch (node.type) {
    case "assignment":
    case "assignment_expression":
    case "short_var_declaration":
      return [lastName(field("left")), single(field("right"))];
    case "variable_declarator":
    case "const_spec":
    case "var_spec":
    case "public_field_definition":
    case "field_definition":
      return [field("name")?.text ?? field("property")?.text, single(field("value"))];
    case "pair":
      return [field("key")?.text.replace(/^["':]|["':]$/g, ""), field("value")];
    default:
      return [undefined, undefined];
  }
}

/** The only expression of a list of them. */
function single(node: Node | undefined): Node | undefined {
  return node?.type === "expression_list" && node.namedChildCount === 1
    ? (node.namedChild(0) ?? undefined)
    : node;
}

/** `c` of `a.b.c`. */
function lastName(node: Node | undefined): string | undefined {
  return node?.text.split(/[.\s]/).at(-1);
}

/** Evaluates literals, what they are joined of, and names that are set to such. What is inserted and not known becomes `$NAME`. */
export function evaluate(node: Node, constants: Constants, depth = 0): Value {
  if (depth > deepest) return other;
  const inner = (one: Node) => evaluate(one, constants, depth + 1);
  const line = node.startPosition.row + 1;
  const text = (content: string): Value => ({ kind: "text", text: content, line });
  if (strings.has(node.type)) return text(contentOf(node, (one) => insertion(inner(one), one)));
  if (lists.has(node.type)) return { kind: "list", items: itemsOf(childrenOf(node), inner) };
  if (names.has(node.type)) {
    const set = constants.of(lastName(node) ?? "", node.startIndex);
    return set === undefined || set.startIndex === node.startIndex ? other : inner(set);
  }
  const field = (name: string) => node.childForFieldName(name) ?? undefined;
  switch (node.type) {
    case "literal_element":
    case "parenthesized_expression":
    case "await_expression":
    case "await":
    case "as_expression":
    case "non_null_expression":
    case "argument_list":
    case "slice_literal": {
      const [first] = childrenOf(node);
      return first === undefined ? other : inner(first);
    }
    case "composite_literal": {
      const body = field("body");
      return body === undefined ? other : inner(body);
    }
    case "binary":
    case "binary_operator":
    case "binary_expression":
      return joined(node, inner);
    case "call":
    case "call_expression":
      return ofCall(node, inner);
    default:
      return other;
  }
}

const spreads = /^(spread_element|list_splat|splat_argument|variadic_argument)$/;

/** The values of some expressions; a list that is spread among them is its items. */
export function itemsOf(nodes: readonly Node[], inner: (node: Node) => Value): Value[] {
  return nodes.flatMap((node) => {
    if (!spreads.test(node.type)) return [inner(node)];
    const [one] = childrenOf(node);
    const value = one === undefined ? other : inner(one);
    return value.kind === "list" ? value.items : [other];
  });
}

function joined(node: Node, inner: (node: Node) => Value): Value {
  const [left, right] = [node.childForFieldName("left"), node.childForFieldName("right")];
  const sign = node.childForFieldName("operator")?.text ?? "+";
  if (left === null || right === null) return other;
  const [a, b] = [inner(left), inner(right)];
  // Python's `"docker rmi %s" % name`.
  if (sign === "%" && a.kind === "text") return { ...a, text: a.text.replace(/%[srd]/g, "$VALUE") };
  if (sign !== "+") return other;
  if (a.kind === "list" || b.kind === "list")
    return { kind: "list", items: [a, b].flatMap((one) => (one.kind === "list" ? one.items : [one])) };
  if (a.kind !== "text" && b.kind !== "text") return other;
  const line = a.kind === "text" ? a.line : node.startPosition.row + 1;
  return { kind: "text", text: `${insertion(a, left)}${insertion(b, right)}`, line };
}

function ofCall(node: Node, inner: (node: Node) => Value): Value {
  const callee = calleeOf(node);
  const [first, second] = argumentsOf(node);
  const receiver = childrenOf(node.childForFieldName("function") ?? node)[0];
  const onText = receiver !== undefined && receiver.type !== "identifier" ? inner(receiver) : other;
  const subject = onText.kind === "other" && first !== undefined ? inner(first) : onText;
  if (keeps.test(callee) && subject.kind === "text")
    return { ...subject, text: subject.text.replace(/%[svqd]|\{\w*\}/g, "$VALUE") };
  if (splits.test(callee) && subject.kind === "text") {
    const { line } = subject;
    return {
      kind: "list",
      items: subject.text
        .split(/\s+/)
        .filter(Boolean)
        .map((text) => ({ kind: "text", text, line })),
    };
  }
  // `" ".join(words)`, `words.join(" ")`, `strings.Join(words, " ")`.
  if (/(^|\.)[jJ]oin$/.test(callee)) {
    const list = [onText, ...[first, second].flatMap((one) => (one === undefined ? [] : [inner(one)]))].find(
      ({ kind }) => kind === "list",
    );
    if (list?.kind === "list")
      return {
        kind: "text",
        text: list.items.map((item) => (item.kind === "text" ? item.text : "$VALUE")).join(" "),
        line: node.startPosition.row + 1,
      };
  }
  return other;
}

/** The content of a string, with what is inserted. */
function contentOf(node: Node, inserted: (node: Node) => string): string {
  if (node.type === "raw_string_literal" && node.namedChildCount === 0) return node.text.slice(1, -1);
  return childrenOf(node)
    .map((child) => {
      if (strings.has(child.type)) return contentOf(child, inserted);
      if (/content|fragment/.test(child.type)) return child.text;
      if (child.type === "escape_sequence") return unescaped(child.text);
      if (child.type !== "interpolation" && child.type !== "template_substitution") return "";
      const [one] = childrenOf(child);
      return one === undefined ? "" : inserted(one);
    })
    .join("");
}

const unescaped = (text: string): string => ({ "\\n": "\n", "\\t": "\t", "\\\n": "" })[text] ?? text.slice(1);

/** A value within a text. */
function insertion(value: Value, node: Node): string {
  if (value.kind === "text") return value.text;
  const name = /^[A-Za-z_]\w*$/.exec(node.text)?.[0];
  return `$${name ?? "VALUE"}`;
}

/** The name of what is called, with its dots, without blanks: `client.images.prune`. */
export function calleeOf(node: Node): string {
  const called = node.childForFieldName("function") ?? node.childForFieldName("constructor");
  const text =
    called?.text ??
    [node.childForFieldName("receiver")?.text, node.childForFieldName("method")?.text]
      .filter(Boolean)
      .join(".");
  return text.replace(/\s+/g, "").slice(-200);
}

/** The positional arguments of a call; a template that is a call's only argument is one. */
export function argumentsOf(node: Node): Node[] {
  const given = node.childForFieldName("arguments");
  if (given === null) return [];
  if (given.type === "template_string") return [given];
  return childrenOf(given).filter(({ type }) => type !== "comment" && type !== "keyword_argument");
}

/** The parts of a node that have a meaning of their own. */
export function childrenOf(node: Node): Node[] {
  return node.namedChildren.filter((child) => child !== null);
}
