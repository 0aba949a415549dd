import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { recipeFolder } from "../../support/app.ts";
import { CommandLine, type Ended } from "../../support/command-line.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

/** A process is started for each of these; a busy machine takes its time. */
const patience = { timeout: 60_000 };

/** What the three parts of an error say. */
function errorOf({ stderr }: Ended): { what: string; seen: string; next: string } {
  const found = /^error: (?<what>.+)\n {2}seen: (?<seen>[\s\S]+)\n {2}next: (?<next>.+)\n$/.exec(
    stderr,
  )?.groups;
  if (found === undefined) throw new Error(`not an error with three parts: ${stderr}`);
  const { what = "", seen = "", next = "" } = found;
  return { what, seen, next };
}

interface Case {
  words: string[];
  code: number;
  what: RegExp;
  seen: RegExp;
  next: RegExp;
  /** Content of pullproof.yaml. */
  settings?: string;
  env?: NodeJS.ProcessEnv;
}

const bad: Record<string, Case> = {
  "an unknown claim": {
    words: ["verify", "--only", "PC9.9"],
    code: ExitCode.usage,
    what: /no such claim/,
    seen: /--only PC9\.9/,
    next: /PC2\.1/,
  },
  "an unknown policy": {
    words: ["verify", "--prune", "referense"],
    code: ExitCode.usage,
    what: /option/,
    seen: /--prune: .*"referense".*did you mean reference\?/,
    next: /--help/,
  },
  "an unknown policy in the settings": {
    words: ["verify"],
    settings: "samples: 3\nprune: referense\n",
    code: ExitCode.config,
    what: /settings file is broken/,
    seen: /pullproof\.yaml:2:1: prune: .*"referense".*did you mean reference\?/,
    next: /pullproof\.yaml/,
  },
  "an unknown policy in the environment": {
    words: ["verify"],
    env: { PULLPROOF_PRUNE: "referense" },
    code: ExitCode.config,
    what: /environment variable/,
    seen: /PULLPROOF_PRUNE: .*"referense"/,
    next: /correct it/,
  },
  "a misspelt variable": {
    words: ["verify"],
    env: { PULLPROOF_SAMPLE: "3" },
    code: ExitCode.config,
    what: /environment variable/,
    seen: /PULLPROOF_SAMPLE; did you mean PULLPROOF_SAMPLES\?/,
    next: /rename it/,
  },
  "an engine's password on the command line": {
    words: ["verify", "--host", "live", "--docker-host", "ssh://root:hunter2@server"],
    code: ExitCode.usage,
    what: /option/,
    seen: /--docker-host: "ssh:\/\/…@server" holds a password/,
    next: /--help/,
  },
  "options of a live host where none is judged": {
    words: ["verify", "--context", "prod"],
    code: ExitCode.usage,
    what: /live host/,
    seen: /--context with the hosts lab/,
    next: /--host live/,
  },
  "an unknown host": {
    words: ["verify", "--host", "moon"],
    code: ExitCode.usage,
    what: /option/,
    seen: /^--host: "moon" is none of lab, vm, live$/,
    next: /--help/,
  },
  "an unknown host beside a known one": {
    words: ["verify", "--host", "vm,moon"],
    code: ExitCode.usage,
    what: /option/,
    seen: /^--host: "moon" is none of lab, vm, live$/,
    next: /--help/,
  },
  "a host without a name": {
    words: ["verify", "--host", ""],
    code: ExitCode.usage,
    what: /option/,
    seen: /^--host: "" is none of lab, vm, live$/,
    next: /--help/,
  },
  "a host without a name after another": {
    words: ["verify", "--host", "lab,"],
    code: ExitCode.usage,
    what: /option/,
    seen: /^--host: "" is none of lab, vm, live$/,
    next: /--help/,
  },
  "samples that are no number": {
    words: ["verify", "--samples", "many"],
    code: ExitCode.usage,
    what: /option/,
    seen: /^--samples: expected a number, not NaN$/,
    next: /--help/,
  },
  "settings that are no YAML": {
    words: ["verify"],
    settings: "samples: [",
    code: ExitCode.config,
    what: /settings file is broken/,
    seen: /pullproof\.yaml/,
    next: /pullproof\.yaml/,
  },
  "settings with an unknown key": {
    words: ["verify"],
    settings: "sample: 3\n",
    code: ExitCode.config,
    what: /settings file is broken/,
    seen: /^pullproof\.yaml:1:1: sample: .*did you mean samples\?$/,
    next: /pullproof\.yaml/,
  },
  "settings of a wrong type": {
    words: ["verify"],
    settings: "hub: fast\n",
    code: ExitCode.config,
    what: /settings file is broken/,
    seen: /^pullproof\.yaml:1:1: hub: expected a mapping .*"fast"$/,
    next: /pullproof\.yaml/,
  },
};

describe("verify refuses, and leaves nothing behind:", patience, () => {
  it.each(Object.entries(bad))("%s", async (_, { words, code, what, seen, next, settings, env }) => {
    const line = new CommandLine(env);
    if (settings !== undefined) writeTree(line.cwd, { "pullproof.yaml": settings });
    const before = line.tree();
    const ended = await line.run(...words);
    expect(ended).toMatchObject({ code, stdout: "" });
    const error = errorOf(ended);
    expect(error.what).toMatch(what);
    expect(error.seen).toMatch(seen);
    expect(error.next).toMatch(next);
    expect(line.tree()).toEqual(before);
  });

  it.each<[string, () => string, RegExp, RegExp]>([
    ["without compose.yml", tempFolder, /no compose\.yml/, /compose\.yml/],
    [
      "with a compose.yml that is none",
      () => recipeFolder({ "compose.yml": "services: [app]" }),
      /not a compose file/,
      /compose\.yml/,
    ],
    [
      "with an image that the hub lacks",
      () => recipeFolder({ "compose.yml": "services: { app: { image: 'nginx:1' } }" }),
      /image that the lab's hub does not have/,
      /nginx:1/,
    ],
  ])("a recipe %s", async (_, recipe, what, seen) => {
    const line = new CommandLine();
    const before = line.tree();
    const ended = await line.run("verify", "--recipe", recipe());
    expect(ended).toMatchObject({ code: ExitCode.config, stdout: "" });
    expect(errorOf(ended).what).toMatch(what);
    expect(errorOf(ended).seen).toMatch(seen);
    expect(line.tree()).toEqual(before);
  });

  it("--no-registry-auth with abra, which decides that itself", async () => {
    const ABRA = writeScript(join(tempFolder(), "abra"), "echo abra version 1");
    const line = new CommandLine({ ABRA });
    const before = line.tree();
    const ended = await line.run("verify", "--no-registry-auth");
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(errorOf(ended)).toMatchObject({
      seen: expect.stringContaining("abra"),
      next: expect.stringContaining("stack"),
    });
    expect(line.tree()).toEqual(before);
  });

  it.each([
    ["the settings", "registryAuth: false\n", {}, /pullproof\.yaml:1/],
    ["the environment", "", { PULLPROOF_REGISTRY_AUTH: "false" }, /PULLPROOF_REGISTRY_AUTH/],
  ])("no registry auth in %s with abra, which is bad configuration then", async (_, settings, env, seen) => {
    const ABRA = writeScript(join(tempFolder(), "abra"), "echo abra version 1");
    const line = new CommandLine({ ABRA, ...env });
    writeTree(line.cwd, { "pullproof.yaml": settings });
    const ended = await line.run("verify");
    expect(ended).toMatchObject({ code: ExitCode.config, stdout: "" });
    expect(errorOf(ended).seen).toMatch(seen);
  });

  it("an abra that is not there", async () => {
    const line = new CommandLine();
    const ended = await line.run("verify", "--deployer", "abra");
    expect(ended).toMatchObject({ code: ExitCode.unavailable, stdout: "" });
    expect(errorOf(ended).next).toMatch(/--with-abra.*ABRA.*--deployer stack/);
  });

  it.each([
    ["does not answer", "unix:///nonexistent/docker.sock", ExitCode.unavailable, /does not answer/],
    ["lives on another machine", "tcp://127.0.0.1:2375", ExitCode.config, /cannot use/],
  ] as const)("an engine that %s", async (_, DOCKER_HOST, code, what) => {
    const line = new CommandLine({ DOCKER_HOST });
    const before = line.tree();
    const ended = await line.run("verify");
    expect(ended).toMatchObject({ code, stdout: "" });
    expect(errorOf(ended).what).toMatch(what);
    expect(errorOf(ended).seen).toContain(DOCKER_HOST.replace("unix://", ""));
    expect(errorOf(ended).next).toMatch(/DOCKER_HOST/);
    expect(line.tree()).toEqual(before);
  });

  describe("with an engine that answers,", () => {
    async function onEngine(): Promise<{ line: CommandLine; engine: EngineDouble }> {
      const engine = await EngineDouble.listen();
      engine.info = { DockerRootDir: "/no/such/folder" };
      return { line: new CommandLine({ DOCKER_HOST: `unix://${engine.socket}` }), engine };
    }

    it("a run folder that exists", async () => {
      const { line, engine } = await onEngine();
      writeTree(line.cwd, { "mine/file": "" });
      const before = line.tree();
      const ended = await line.run("verify", "--run-dir", "mine");
      expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
      expect(errorOf(ended)).toMatchObject({ seen: "mine", next: expect.stringContaining("--run-dir") });
      expect(line.tree()).toEqual(before);
      expect(engine.requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
    });

    it.each([[[]], [["--run-dir", "new/run"]]])("a lab that is not set up (%j)", async (words) => {
      const { line } = await onEngine();
      const before = line.tree();
      const ended = await line.run("verify", ...words);
      expect(ended).toMatchObject({ code: ExitCode.unavailable, stdout: "" });
      const error = /error: (.+)\n {2}seen: (.+)\n {2}next: (.+)\n$/.exec(ended.stderr);
      expect(error?.slice(1)).toEqual([
        expect.stringContaining("not set up"),
        expect.stringContaining("pullproof/lab:"),
        "./setup",
      ]);
      expect(line.tree()).toEqual(before);
    });
  });
});

describe("a command line that is none", patience, () => {
  it.each([
    ["a command", ["prove"], /unknown command 'prove'/],
    ["an option", ["verify", "--hasty"], /unknown option '--hasty'/],
    ["a choice", ["verify", "--image-store", "zfs"], /zfs.*graphdriver, containerd/],
    ["a way to reboot", ["verify", "--reboot", "gently"], /gently.*soft, hard, both/],
    [
      "a host beside --quick",
      ["verify", "--quick", "--host", "vm"],
      /'--quick' cannot be used with .*'--host/,
    ],
    [
      "two ways to name an engine",
      ["verify", "--context", "prod", "--docker-host", "ssh://prod"],
      /'--docker-host .*' cannot be used with .*'--context/,
    ],
    ["an argument too many", ["verify", "PC2"], /too many arguments/],
    ["an argument too few", ["check"], /missing required argument 'run'/],
  ])("names %s that it does not know, and the way to help", async (_, words, message) => {
    const line = new CommandLine();
    const ended = await line.run(...words);
    expect(ended).toMatchObject({ code: ExitCode.usage, stdout: "" });
    expect(ended.stderr).toMatch(message);
    expect(ended.stderr).toMatch(/^next: pullproof .*--help$/m);
  });

  it("without any word shows the help, and is a mistake still", async () => {
    const ended = await new CommandLine().run();
    expect(ended.code).toBe(ExitCode.usage);
    expect(ended.stderr).toMatch(/^ +verify [\s\S]*^ +check /m);
  });

  it.each([["--help"], ["verify", "--help"], ["--version"]])("is none of these: %s %s", async (...words) => {
    const ended = await new CommandLine().run(...words.filter((word) => word !== undefined));
    expect(ended).toMatchObject({ code: ExitCode.pass, stderr: "" });
    expect(ended.stdout).not.toBe("");
  });
});
