import { baseName, type Language } from "./model.ts";

/** Languages by the whole name of a file. */
const byName: Readonly<Record<string, Language>> = {
  makefile: "makefile",
  gnumakefile: "makefile",
  dockerfile: "dockerfile",
  containerfile: "dockerfile",
  crontab: "crontab",
  rakefile: "ruby",
  capfile: "ruby",
  vagrantfile: "ruby",
  gemfile: "ruby",
  ".bashrc": "shell",
  ".bash_aliases": "shell",
  ".bash_profile": "shell",
  ".profile": "shell",
  ".zshrc": "shell",
  ".envrc": "shell",
  // Its scripts are shell, and JSON is YAML.
  "package.json": "yaml",
  "devcontainer.json": "yaml",
};

/** Languages by what the name ends in. */
const byExtension: Readonly<Record<string, Language>> = {
  sh: "shell",
  bash: "shell",
  zsh: "shell",
  ksh: "shell",
  mk: "makefile",
  mak: "makefile",
  dockerfile: "dockerfile",
  yml: "yaml",
  yaml: "yaml",
  service: "systemd",
  timer: "systemd",
  cron: "crontab",
  crontab: "crontab",
  nix: "nix",
  py: "python",
  js: "javascript",
  mjs: "javascript",
  cjs: "javascript",
  jsx: "javascript",
  ts: "typescript",
  mts: "typescript",
  cts: "typescript",
  tsx: "tsx",
  go: "go",
  rb: "ruby",
  rake: "ruby",
};

/** Folders in which a file is what the folder says, whatever its name. */
const byFolder: readonly (readonly [RegExp, Language])[] = [
  [/(^|\/)cron\.(daily|hourly|weekly|monthly)\/[^/.]+$/, "shell"],
  [/(^|\/)(cron\.d|spool\/cron(\/crontabs)?)\/[^/]+$/, "crontab"],
  [/(^|\/)\.?(githooks|husky|git\/hooks)\/[\w-]+$/, "shell"],
  [/\.(service|timer)\.d\/[^/]+\.conf$/, "systemd"],
];

const byInterpreter: readonly (readonly [RegExp, Language])[] = [
  [/\b(ba|da|a|z|k)?sh\b/, "shell"],
  [/\bpython[\d.]*\b/, "python"],
  [/\b(node|bun|deno|zx)\b/, "javascript"],
  [/\bruby\b/, "ruby"],
  [/\bmake\b/, "makefile"],
];

/** The language of a file, by its name, its folder or its first line; null for one that the audit does not read. */
export function languageOf(path: string, content: string): Language | null {
  const folder = byFolder.find(([pattern]) => pattern.test(path));
  if (folder !== undefined) return folder[1];
  const name = baseName(path).toLowerCase();
  if (Object.hasOwn(byName, name)) return byName[name] ?? null;
  // Templates are what they make: prune.sh.j2, janitor.service.tmpl.
  const plain = name.replace(/\.(j2|jinja|tmpl|tpl|erb|in|example|sample|dist)$/, "");
  const extension = plain.slice(plain.lastIndexOf(".") + 1);
  if (plain.includes(".") && Object.hasOwn(byExtension, extension)) return byExtension[extension] ?? null;
  if (/^(docker|container)file[.-]/.test(name)) return "dockerfile";
  if (/^makefile[.-]/.test(name)) return "makefile";
  const shebang = /^#!(.*)/.exec(content)?.[1];
  if (shebang === undefined) return null;
  return byInterpreter.find(([pattern]) => pattern.test(shebang))?.[1] ?? null;
}

/** Whether a path is that of a text for people, whose commands nobody runs. */
export function isDocumentation(path: string): boolean {
  return /\.(md|markdown|mdx|rst|adoc|asciidoc|txt|org|html?|pdf|tex|1|5|8)$/i.test(path);
}
