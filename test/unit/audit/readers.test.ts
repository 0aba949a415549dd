import { describe, expect, it } from "vitest";
import { languageOf } from "../../../src/audit/language.ts";
import { type Language, languages } from "../../../src/audit/model.ts";
import { rulesIn } from "./findings.ts";

const text = (...lines: string[]) => lines.join("\n");

const read: [Language, string, string, string[]][] = [
  ["makefile", "a recipe behind @ and -", "a:\n\t@-docker image prune -af", ["PP101 2"]],
  [
    "makefile",
    "variables within variables",
    "A = -a\nF = $(A) -f\na:\n\tdocker image prune $(F)",
    ["PP101 4"],
  ],
  ["makefile", "no variable that nobody runs", "HELP = docker image prune -af", []],
  [
    "dockerfile",
    "RUN with options",
    "FROM x\nRUN --mount=type=cache,target=/x docker image prune -af",
    ["PP101 2"],
  ],
  [
    "dockerfile",
    "RUN over lines with a comment between",
    "RUN a && \\\n  # why\n  docker image prune -af",
    ["PP101 3"],
  ],
  ["dockerfile", "a variable of ENV", "ENV F=-af\nRUN docker image prune $F", ["PP101 2"]],
  [
    "dockerfile",
    "a text for a command, and the lines after it",
    "RUN cat <<<word\nRUN docker image prune -af",
    ["PP101 2"],
  ],
  ["dockerfile", "no LABEL", 'LABEL a="docker image prune -af"', []],
  [
    "yaml",
    "a block text, by its own line",
    text("run: |", "  true", "  docker image prune -af"),
    ["PP101 3"],
  ],
  ["yaml", "a folded text, by its own line", text("run: >-", "  docker image prune", "  -af"), ["PP101 2"]],
  [
    "yaml",
    "lines of a list that belong together",
    text("script:", "  - F=-af", "  - docker image prune $F"),
    ["PP101 3"],
  ],
  ["yaml", "a list of words", 'command: ["docker", "image", "prune", "-af"]', ["PP101 1"]],
  [
    "yaml",
    "an alias",
    text(".a: &a", "  - docker image prune -af", "b:", "  script:", "    - *a"),
    ["PP101 2"],
  ],
  [
    "yaml",
    "every document of a file",
    text("run: docker image prune -f", "---", "run: docker image prune -af"),
    ["PP103 1", "PP101 3"],
  ],
  ["yaml", "an expression of a CI system", `run: docker image prune \${{ inputs.flags }}`, ["PP103 1"]],
  [
    "yaml",
    "a module with a filter of age",
    text("docker_prune:", "  images: true", "  images_filters: { dangling: false, until: 24h }"),
    ["PP102 1"],
  ],
  ["yaml", "no module that spares images", text("docker_prune:", "  containers: true"), []],
  ["yaml", "no description", "description: docker image prune -af", []],
  ["yaml", "a tag that is unknown", text("a: !vault x", "run: docker image prune -af"), ["PP101 2"]],
  ["systemd", "prefixes of a command", "[Service]\nExecStart=-+docker image prune -af", ["PP101 2"]],
  ["systemd", "no description", "[Unit]\nDescription=docker image prune -af", []],
  ["crontab", "a line with a user", "0 3 * * mon-fri root docker image prune -af", ["PP101 1"]],
  ["crontab", "a name for a time", "@daily docker image prune -af", ["PP101 1"]],
  ["crontab", "no text after a percent sign", "0 3 * * * cat %docker image prune -af", []],
  [
    "nix",
    "the timer, whatever its nesting",
    '{ virtualisation = { docker = { autoPrune = { enable = true; flags = [ "-a" ]; }; }; }; }',
    ["PP101 1"],
  ],
  [
    "nix",
    "no timer that is off",
    '{ virtualisation.docker.autoPrune = { enable = false; flags = [ "-a" ]; }; }',
    [],
  ],
  [
    "nix",
    "another engine's timer",
    '{ virtualisation.podman.autoPrune = { enable = true; flags = [ "-a" ]; }; }',
    ["PP701 1"],
  ],
  [
    "nix",
    "a program of a package",
    `{ systemd.services.a.serviceConfig.ExecStart = "\${pkgs.docker}/bin/docker image prune -af"; }`,
    ["PP101 1"],
  ],
  [
    "nix",
    "a script, by its own line",
    `{ systemd.services.a.script = ''\n  true\n  \${lib.getExe pkgs.docker} image prune -af\n''; }`,
    ["PP101 3"],
  ],
  [
    "python",
    "words over lines",
    'subprocess.run(\n    ["docker", "image",\n     "prune", "-af"])',
    ["PP101 2"],
  ],
  ["python", "words and more words", 'base = ["docker", "image"]\nrun(base + ["prune", "-af"])', ["PP101 1"]],
  ["python", "text that is filled in", 'os.system("docker rmi %s" % name)', ["PP204 1"]],
  [
    "python",
    "a client by its call",
    "client.images.prune(filters={'dangling': False, 'until': '24h'})",
    ["PP102 1"],
  ],
  ["python", "a client in the client's words", "docker.system.prune(all=True)", ["PP101 1"]],
  ["python", "what a command prints", 'subprocess.getoutput("docker image prune -af")', ["PP101 1"]],
  [
    "python",
    "a program that is among its words",
    'os.execvp("docker", ["docker", "image", "prune", "-af"])',
    ["PP101 1"],
  ],
  ["python", "no list that is compared", 'assert calls == [["docker", "image", "prune", "-af"]]', []],
  ["python", "no route", '@app.post("/images/prune")\ndef prune(): ...', []],
  ["javascript", "a template", `await exec(\`docker image prune \${flags}\`)`, ["PP103 1"]],
  [
    "javascript",
    "words of a constant",
    'const args = ["image", "prune", "-af"];\nspawn("docker", args);',
    ["PP101 2"],
  ],
  [
    "javascript",
    "no expectation",
    'expect(run).toHaveBeenCalledWith("docker", ["image", "prune", "-af"]);',
    [],
  ],
  [
    "typescript",
    "a client with types",
    "await (docker as Docker).pruneImages({ filters: { dangling: ['false'] } })",
    ["PP101 1"],
  ],
  ["tsx", "no text on a page", 'const a = <input placeholder="docker image prune -af" />;', []],
  [
    "go",
    "words after a context",
    'package a\nfunc f() { exec.CommandContext(ctx, "docker", "image", "prune", "-af") }',
    ["PP101 2"],
  ],
  ["go", "no text that is printed", 'package a\nfunc f() { fmt.Println("docker image prune -af") }', []],
  [
    "go",
    "filters that were put together before",
    'package a\nfunc f() {\n\targs := filters.NewArgs()\n\targs.Add("label", "ci")\n\tcli.ImagesPrune(ctx, args)\n}',
    ["PP105 5"],
  ],
  [
    "go",
    "no filter in what is about something else",
    'package a\nfunc f() {\n\tlog.Info("label", "ci")\n\tcli.ImagesPrune(ctx, filters.Args{})\n}',
    ["PP103 4"],
  ],
  ["ruby", "backticks", "`docker image prune -af`", ["PP101 1"]],
  ["ruby", "a symbol for a block", "require 'docker'\nDocker::Image.all.each(&:remove)", ["PP201 2"]],
  ["ruby", "no text that is printed", 'puts "docker image prune -af"', []],
];

describe("a reader", () => {
  it.each(read)("of %s reads %s", (language, _, content, expected) => {
    expect(rulesIn(language, content)).toEqual(expected);
  });

  it("is there for each language", () => {
    expect(
      languages.filter((one) => one !== "shell" && !read.some(([language]) => language === one)),
    ).toEqual([]);
  });

  it("follows aliases of aliases no further than there are texts", () => {
    const lists = Array.from({ length: 12 }, (_, level) =>
      level === 0
        ? "l0: &l0 [docker image prune -af]"
        : `l${level}: &l${level} [${`*l${level - 1}, `.repeat(9)}x]`,
    );
    expect(rulesIn("yaml", [...lists, "run: [*l11]"].join("\n"))).toEqual(["PP101 1"]);
    expect(rulesIn("yaml", "run: &a [*a, docker image prune -af]")).toEqual(["PP101 1"]);
  });

  it("throws where a text is no YAML", () => {
    expect(() => rulesIn("yaml", "a: [")).toThrow();
  });

  it("makes what it can of any other text", () => {
    for (const language of languages.filter((one) => one !== "yaml"))
      expect(rulesIn(language, "\u0001}{)('\"`<<EOF ${ $( \\"), language).toEqual([]);
  });
});

describe("languageOf", () => {
  it.each<[string, string, Language | null]>([
    ["bin/clean", "#!/usr/bin/env bash\n", "shell"],
    ["bin/clean", "#!/usr/bin/python3\n", "python"],
    ["bin/clean", "docker image prune -af", null],
    ["deploy/prune.sh.j2", "", "shell"],
    ["Dockerfile.ci", "", "dockerfile"],
    ["GNUmakefile", "", "makefile"],
    ["etc/cron.daily/prune", "", "shell"],
    ["etc/cron.d/prune", "", "crontab"],
    [".github/workflows/a.yml", "", "yaml"],
    ["package.json", "", "yaml"],
    ["data.json", "", null],
    ["notes", "", null],
  ])("tells %j from its name, its folder or its first line", (path, content, expected) => {
    expect(languageOf(path, content)).toBe(expected);
  });
});
