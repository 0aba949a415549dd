import { type Invocation, invocation, type Reader, shift } from "./model.ts";
import { readShell } from "./shell.ts";

/** A piece of Nix: a name or a path of names, a text, or a sign. */
interface Token {
  kind: "name" | "text" | "sign";
  text: string;
  line: number;
}

/** What an attribute is set to, under its full path. */
interface Binding {
  path: string;
  tokens: Token[];
  line: number;
}

/** Comments, texts in `''` and in `"`, names with their dots, and signs. */
const lexeme =
  /\/\*[\s\S]*?\*\/|#[^\n]*|''(?:'''|''\$|''\\[\s\S]|[^']|'(?!'))*''|"(?:\\[\s\S]|[^"\\])*"|[A-Za-z_][\w'-]*(?:\.(?:[A-Za-z_][\w'-]*|"[^"]*"|\$\{[^}]*\}))*|[{}[\]();=:]|\S/g;

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  let line = 1;
  let last = 0;
  for (const { 0: found, index } of text.matchAll(lexeme)) {
    line += count(text.slice(last, index));
    last = index;
    if (found.startsWith("#") || found.startsWith("/*")) continue;
    if (found.startsWith("''") && found.length >= 4)
      tokens.push({ kind: "text", text: indented(found), line });
    else if (found.startsWith('"')) tokens.push({ kind: "text", text: plain(found.slice(1, -1)), line });
    else tokens.push({ kind: /^[A-Za-z_]/.test(found) ? "name" : "sign", text: found, line });
  }
  return tokens;
}

const count = (text: string): number => text.split("\n").length - 1;

/** In `''` texts, `''${` and `''$` stand for what follows the quotes, and `'''` for two of them. */
const indented = (found: string): string =>
  interpolated(found.slice(2, -2).replaceAll("''$", "\u0000"))
    .replaceAll("\u0000", "$")
    .replaceAll("'''", "''");
const plain = (text: string): string =>
  interpolated(text.replaceAll("\\$", "\u0000"))
    .replaceAll("\u0000", "$")
    .replaceAll('\\"', '"')
    .replaceAll("\\n", "\n");

/** `${pkgs.docker}/bin/docker` and `${lib.getExe pkgs.docker}` as programs; other insertions are not known. */
const interpolated = (text: string): string =>
  text
    .replace(/\$\{[^}]*getExe'?\s+(?:\w+\.)*(\w[\w-]*)[^}]*\}/g, "$1")
    .replace(/\$\{[^}]*\}(?=\/s?bin\/)/g, "")
    .replace(/\$\{[^}]*\}/g, "$NIX");

/** Every attribute with its value, wherever it is nested. A list and a function call are part of the value. */
function bindingsOf(tokens: readonly Token[]): Binding[] {
  const found: Binding[] = [];
  /** Open braces, each with the path of what it is the value of. */
  const open: string[] = [""];
  const current: (Binding | null)[] = [null];
  tokens.forEach((token, index) => {
    const binding = current.at(-1) ?? null;
    if (token.text === "{" && token.kind === "sign") {
      open.push(binding?.path ?? open.at(-1) ?? "");
      current.push(null);
    } else if (token.text === "}" && token.kind === "sign" && open.length > 1) {
      open.pop();
      current.pop();
    } else if (token.text === ";" && token.kind === "sign") current[current.length - 1] = null;
    else if (token.kind !== "sign" && tokens[index + 1]?.text === "=" && tokens[index + 2]?.text !== "=") {
      const path = [open.at(-1), token.text.replaceAll('"', "")].filter((part) => part !== "").join(".");
      const next: Binding = { path, tokens: [], line: token.line };
      current[current.length - 1] = next;
      found.push(next);
    } else if (!(token.kind === "sign" && token.text === "=")) binding?.tokens.push(token);
  });
  return found;
}

/** Attributes whose texts a shell or systemd runs. */
const runs =
  /(^|\.)(script|preStart|postStart|preStop|postStop|reload|shellHook|text|cmd|command|Exec(Start|Stop|Reload|Condition)\w*|\w*[sS]hellInit|onBoot)$|(^|\.)shellAliases\.|(^|\.)activationScripts\./;
/** Functions that make a script of a text: https://nixos.org/manual/nixpkgs/stable/#trivial-builder-writeShellScript */
const writes = /(^|\.)write(ShellScript|ShellScriptBin|Script|ScriptBin|Bash|BashBin|Dash|DashBin)$/;

/** A Nix file: the engine's own prune timer, and the scripts of services, timers and packages. */
export const readNix: Reader = (text, reading) => {
  const bindings = bindingsOf(tokensOf(text));
  return [
    ...bindings.flatMap((binding): Invocation[] => {
      const { path, tokens } = binding;
      if (/(^|\.)(docker|podman)\.autoPrune\.enable$/.test(path)) return autoPrune(binding, bindings);
      if (/(^|\.)oci-containers\.containers\.[^.]+\.image$/.test(path)) return container(binding, bindings);
      const written = tokens.some((token) => token.kind === "name" && writes.test(token.text));
      const read = (one: Token, language: "shell" | "crontab") =>
        shift(
          language === "shell" ? readShell(one.text, reading) : reading.embed("crontab", one.text),
          one.line - 1,
        );
      const texts = tokens.filter(({ kind }) => kind === "text");
      if (/(^|\.)systemCronJobs$/.test(path)) return texts.flatMap((one) => read(one, "crontab"));
      return runs.test(path) || written ? texts.flatMap((one) => read(one, "shell")) : [];
    }),
  ];
};

/** NixOS's timer runs `docker system prune -f` with the flags: nixos/modules/virtualisation/docker.nix. */
function autoPrune({ path, tokens, line }: Binding, bindings: readonly Binding[]): Invocation[] {
  if (tokens.some(({ text }) => text === "false")) return [];
  const owner = path.slice(0, -".enable".length);
  const flags = bindings.find((one) => one.path === `${owner}.flags`)?.tokens ?? [];
  const words = flags.filter(({ kind }) => kind === "text").flatMap(({ text }) => text.split(/\s+/));
  return [
    invocation([owner.includes("podman.") ? "podman" : "docker", "system", "prune", "-f", ...words], line),
  ];
}

function container({ path, tokens, line }: Binding, bindings: readonly Binding[]): Invocation[] {
  const owner = path.slice(0, -".image".length);
  const textsOf = (one: Binding | undefined) =>
    (one?.tokens ?? []).filter(({ kind }) => kind === "text").map(({ text }) => text);
  const environment = bindings
    .filter((one) => one.path.startsWith(`${owner}.environment.`))
    .flatMap((one) => ["-e", `${one.path.slice(`${owner}.environment.`.length)}=${textsOf(one).join("")}`]);
  const command = textsOf(bindings.find((one) => one.path === `${owner}.cmd`));
  return [
    invocation(["docker", "run", ...environment, ...textsOf({ path, tokens, line }), ...command], line),
  ];
}
