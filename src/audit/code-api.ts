import type { Node } from "@vscode/tree-sitter-wasm";
import { apiFilters } from "./classify.ts";
import { type Invocation, invocation } from "./model.ts";

/** Calls of an engine's client that prune images: docker-py, aiodocker, dockerode, Go's client, docker-api of Ruby. */
const prunes = /(^|[.:])(images\.prune|prune_images|pruneImages|ImagesPrune|ImagePrune|Image\.prune)$/;
/** Calls of python-on-whales, which are called as the client's commands are. */
const whales = /(^|\.)(image|system|buildx)\.prune$/;
const removes =
  /(^|\.)(images\.remove|remove_image|ImageRemove)$|getImage\(.*\)\.remove$|Docker::Image\.(remove|get\(.*\)\.(remove|delete))$/;
const lists = /images\.list\(|listImages\(|ImageList\(|Docker::Image\.all/;

/** A receiver that may be an engine's client: other things have images as well. */
const engine = /docker|engine|client|cli\b|api|podman/i;
/** Routes of a server, which are asked and do not ask. */
const serves = /(^|\.)(app|router|server|route|routes|mux|handle\w*|blueprint|bp)\b/i;

/** What a call of an engine's API amounts to as a command of its client; null for any other call. */
export function apiCall(node: Node, callee: string, source: string): Invocation | null {
  const line = node.startPosition.row + 1;
  const given = node.childForFieldName("arguments")?.text ?? "";
  const receiver = callee.slice(0, callee.search(/[\w]+$/));
  const known =
    engine.test(receiver) || /["'/](docker|dockerode|aiodocker|moby)\b|import docker|docker-api/.test(source);
  if (prunes.test(callee) && receiver !== "" && known) {
    return invocation(["docker", "image", "prune", ...apiFilters(filtersOf(node, given))], line);
  }
  const [, , command = ""] = whales.exec(callee) ?? [];
  if (command !== "" && /docker|podman/i.test(receiver)) {
    const all = /\ball\s*=\s*True/.test(given) ? ["-a"] : [];
    return invocation(["docker", command, "prune", ...all, ...apiFilters(given)], line);
  }
  if (removes.test(callee) && known) return removal(node, line);
  // Docker::Image.all.each(&:remove), or with a block that removes each.
  if (/Docker::Image\.all(\(.*\))?\.(each|map)$/.test(callee) && /remove|delete/.test(node.text))
    return removal(node, line);
  return request(callee, given, receiver, line);
}

/** A filter that is added to others, or an entry of what may become filters; a word such as label may be about anything. */
const builtFilter =
  /\b(?:Add|Arg|add|set)\(\s*["'](?:dangling|until|label!?)["'][^)]*|\b(?:dangling|until)["']?\s*[:=]\s*[^,;\n]*/g;

/** The filters of a call: its arguments, or what the function around it put together before and hands over. */
function filtersOf(node: Node, given: string): string {
  if (/dangling|until|label/.test(given) || given.length < 4) return given;
  return (enclosing(node)?.text.match(builtFilter) ?? []).join("\n");
}

/** One image goes, or each of a list, which the same function asked for. */
function removal(node: Node, line: number): Invocation {
  const around = (enclosing(node) ?? node).text;
  const asked = lists.exec(around);
  if (asked === null) return invocation(["docker", "rmi", "$IMAGE"], line);
  const between = around.slice(asked.index);
  const dangling = /dangling\W{1,12}(true|1)/i.test(between) ? ["--filter", "dangling=true"] : [];
  const picked = /\b(if|unless|select|reject)\b|filter\(|reference/.test(between)
    ? ["--filter", "reference=$SOME"]
    : [];
  const listing = invocation(["docker", "images", "-q", ...(dangling.length > 0 ? dangling : picked)], line);
  return { words: ["docker", "rmi", "$IMAGE"], line, inputs: [listing] };
}

const functions =
  /^(function_definition|function_declaration|method_declaration|method_definition|arrow_function|function_expression|func_literal|method|singleton_method)$/;

/** The function around a call; the whole file where there is none. */
function enclosing(node: Node): Node | null {
  let at = node;
  while (at.parent !== null && !functions.test(at.type)) at = at.parent;
  return at;
}

/** A request to the API by its path, from a client of HTTP. */
function request(callee: string, given: string, receiver: string, line: number): Invocation | null {
  const path = /["'`]([^"'`\s]*\/images\/prune[^"'`\s]*)/.exec(given)?.[1];
  if (path === undefined || serves.test(receiver)) return null;
  const client =
    /client|docker|http|axios|requests|session|fetch|got|undici|conn|curl|excon|faraday|rest/i.test(callee);
  if (!client && !/^(\w+:\/\/|\/v\d)/.test(path)) return null;
  if (!/post/i.test(`${callee} ${given}`) && !/request/i.test(callee)) return null;
  return invocation(["curl", "-X", "POST", path, given], line);
}
