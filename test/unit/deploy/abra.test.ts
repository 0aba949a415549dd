import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { AbraDeployer } from "../../../src/deploy/abra.ts";
import type { App, DeployRequest } from "../../../src/deploy/deployer.ts";
import type { ExecResult } from "../../../src/host/host.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

/** What public uses of abra show: the only command lines that may be relied on. */
const contract = [
  /^--version$/,
  /^app deploy \S+( [\w.+-]+)? -n( -[cCofD])*$/,
  /^app undeploy \S+ -n$/,
  /^app remove \S+ -n$/,
  /^app (ls -m|ps \S+ -m)$/,
  /^app secret generate -a \S+$/,
];

const image = "pullproof/web:1.0.0@sha256:1";

interface Stage {
  engine: EngineDouble;
  host: HostDouble;
  deployer: AbraDeployer;
  app: App;
}

/** An engine on which the app's one service is up, and a host on which abra answers as told. */
async function stage(answer: Partial<ExecResult> = {}, app = exampleApp()): Promise<Stage> {
  const engine = await EngineDouble.listen();
  const Labels = stackLabel(app.stack);
  const ContainerSpec = { Image: image };
  engine.on("GET /services", () => ({
    body: [
      { ID: "s1", Spec: { Name: `${app.stack}_app`, Labels, Mode: {}, TaskTemplate: { ContainerSpec } } },
    ],
  }));
  engine.on("GET /tasks", () => ({
    body: [
      {
        ID: "t1",
        ServiceID: "s1",
        DesiredState: "running",
        Status: { State: "running", ContainerStatus: { ContainerID: "c1" } },
        Spec: { ContainerSpec },
      },
    ],
  }));
  engine.containers = [{ Id: "c1", Labels }];
  engine.on("GET /containers/c1/json", () => ({ body: { Image: "sha256:1" } }));
  engine.on("POST /secrets/create", () => ({ status: 201, body: { ID: "x" } }));
  const host = new HostDouble(engine.docker).answer(() => answer);
  const local = writeScript(join(tempFolder(), "abra"), "echo the real binary");
  return { engine, host, deployer: new AbraDeployer(local), app };
}

const request = (app: App, changes: Partial<DeployRequest> = {}): DeployRequest => ({
  app,
  images: {},
  registryAuth: true,
  timeoutSeconds: 1,
  ...changes,
});

/** How abra was called, without the path of the binary. */
const calls = (host: HostDouble) => host.executed.map(({ command }) => command.slice(1).join(" "));

describe("AbraDeployer", () => {
  it("cannot be told whether to send credentials", async () => {
    expect((await stage()).deployer.choosesAuth).toBe(false);
  });

  it("sends only command lines that public uses of abra show", async () => {
    const { host, deployer, app, engine } = await stage({ stdout: "abra version 0.13.0-beta-06a57de\n" });
    await deployer.version(host);
    await deployer.deploy(host, request(app));
    engine.on("GET /services", () => ({ body: [] }));
    engine.on("GET /tasks", () => ({ body: [] }));
    engine.containers = [];
    await deployer.teardown(host, app);
    const [version, deploy, undeploy, ...more] = calls(host);
    for (const call of calls(host)) expect(contract.filter((known) => known.test(call))).toHaveLength(1);
    expect(version).toBe("--version");
    // No prompt may wait for an answer, and no look at the network's catalogue may change what is deployed.
    expect(deploy).toMatch(/^app deploy diary\.example\.org /);
    expect(deploy?.split(" ")).toEqual(expect.arrayContaining(["-n", "-o"]));
    expect(undeploy).toMatch(/^app undeploy diary\.example\.org .*-n/);
    expect(more).toEqual([]);
  });

  it("gives each app an ABRA_DIR of its own, the one that its files lie in", async () => {
    const { host, deployer, app } = await stage();
    const other: App = { ...app, domain: "other.example.org", stack: "other_example_org" };
    await deployer.deploy(host, request(app));
    await deployer.deploy(host, request(other));
    const [first = "", second = ""] = host.executed.map(({ env }) => env.ABRA_DIR);
    expect(first).not.toBe(second);
    for (const [dir, { domain }] of [[first, app] as const, [second, other] as const]) {
      expect(readFileSync(host.path(join(dir, `servers/default/${domain}.env`)), "utf8")).toContain(domain);
      expect(readFileSync(host.path(join(dir, "recipes/diary/compose.yml")), "utf8")).toContain(
        "pullproof/web",
      );
    }
  });

  it("brings its files and the app's secrets before abra is called", async () => {
    const { host, engine, deployer, app } = await stage();
    let madeBefore = false;
    host.answer(() => {
      madeBefore = engine.requests.includes("POST /secrets/create");
      return {};
    });
    await deployer.deploy(host, request(app));
    expect(host.done.map((what) => what.split(" ")[0])).toEqual(["copy", "exec"]);
    expect(madeBefore).toBe(true);
  });

  it("writes an .env that names recipe, domain and both compose files, over what the sample says", async () => {
    const app = exampleApp({
      ".env.sample": "TYPE=other:1.0\nDOMAIN=diary.example.com\nGREETING='it''s $(id)'\n",
    });
    app.recipe.env.GREETING = "it's $(id)";
    const { host, deployer } = await stage({}, app);
    await deployer.deploy(host, request(app));
    const dir = host.executed[0]?.env.ABRA_DIR ?? "";
    const file = host.path(join(dir, `servers/default/${app.domain}.env`));
    const script = 'set -a; . "$1"; printf "%s\\n" "$TYPE" "$DOMAIN" "$COMPOSE_FILE" "$GREETING"';
    const { stdout } = await runHere(["sh", "-c", script, "source", file]);
    expect(stdout.split("\n")).toEqual([
      "diary",
      app.domain,
      "compose.yml:compose.pullproof.yml",
      "it's $(id)",
      "",
    ]);
  });

  describe("the checkout", () => {
    const git = (folder: string, ...words: string[]) =>
      execFileSync("git", ["-C", folder, ...words], { encoding: "utf8" }).trim();

    async function checkoutOf(app: App): Promise<string> {
      const { host, deployer } = await stage({}, app);
      await deployer.deploy(host, request(app, { images: { app: image } }));
      return host.path(join(host.executed[0]?.env.ABRA_DIR ?? "", "recipes/diary"));
    }

    const tracked = [".env.sample", "compose.pullproof.yml", "compose.yml"];

    it("is a git repository with one commit, in which nothing is left to commit", async () => {
      const checkout = await checkoutOf(exampleApp());
      expect(git(checkout, "status", "--porcelain", "--ignored")).toBe("");
      expect(git(checkout, "ls-files").split("\n")).toEqual(tracked);
      expect(git(checkout, "rev-list", "--count", "HEAD")).toBe("1");
      expect(readFileSync(join(checkout, "compose.pullproof.yml"), "utf8")).toContain(image);
    });

    it("is a repository of its own where the recipe is a checkout itself: its history and hooks stay out", async () => {
      const app = exampleApp({ ".git/HEAD": "broken", ".git/hooks/pre-commit": "exit 1" });
      const checkout = await checkoutOf(app);
      expect(git(checkout, "rev-list", "--count", "HEAD")).toBe("1");
      expect(git(checkout, "status", "--porcelain")).toBe("");
    });

    it("never commits to a repository that the recipe's .git file points to", async () => {
      const theirs = join(tempFolder(), "theirs");
      mkdirSync(theirs);
      git(theirs, "init", "--quiet");
      await checkoutOf(exampleApp({ ".git": `gitdir: ${theirs}/.git\n` }));
      expect(() => git(theirs, "rev-parse", "--quiet", "--verify", "HEAD")).toThrow();
    });

    it("minds neither git's variables, as a hook has them, nor the user's own settings", async () => {
      const theirs = join(tempFolder(), "theirs");
      mkdirSync(theirs);
      git(theirs, "init", "--quiet");
      const home = writeTree(tempFolder(), {
        ".gitconfig":
          "[commit]\n\tgpgsign = true\n[gpg]\n\tprogram = false\n[core]\n\texcludesFile = ~/ignored\n",
        ignored: "compose.yml\n",
      });
      const changes = {
        GIT_DIR: join(theirs, ".git"),
        GIT_CONFIG_GLOBAL: join(home, ".gitconfig"),
        HOME: home,
      };
      const before = { ...process.env };
      onTestFinished(() => {
        for (const name of Object.keys(changes)) {
          if (before[name] === undefined) delete process.env[name];
          else process.env[name] = before[name];
        }
      });
      Object.assign(process.env, changes);
      const checkout = await checkoutOf(exampleApp());
      const plain = { env: { PATH: process.env.PATH ?? "" }, encoding: "utf8" } as const;
      const files = execFileSync("git", ["-C", checkout, "ls-files"], plain);
      expect(files.trim().split("\n")).toEqual(tracked);
      expect(() =>
        execFileSync("git", ["-C", theirs, "rev-parse", "--quiet", "--verify", "HEAD"], plain),
      ).toThrow();
    });
  });

  it("is up when abra ends well and the services run", async () => {
    const { host, deployer, app } = await stage({ stdout: "deploying\n", stderr: "done\n" });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status: "ok", message: null, output: expect.stringContaining("done") });
    expect(outcome.services).toEqual([
      expect.objectContaining({ name: `${app.stack}_app`, running: true, image }),
    ]);
  });

  it.each<[string, Partial<ExecResult>, RegExp]>([
    ["FATA on stderr", { exitCode: 1, stderr: "WARN x\nFATA deploy timed out\n" }, /FATA deploy timed out/],
    ["FATA on stdout", { exitCode: 1, stdout: "FATA no such app\n" }, /FATA no such app/],
    [
      "FATA though the code is 0",
      { exitCode: 0, stderr: "FATA unstaged changes\n" },
      /FATA unstaged changes/,
    ],
    ["a code without FATA", { exitCode: 137, stderr: "Killed\n" }, /code 137.*Killed/],
  ])("calls %s a failure, of the deploy and of the teardown", async (_, answer, message) => {
    const { host, deployer, app } = await stage(answer);
    const failed = { status: "fail", message: expect.stringMatching(message) };
    expect(await deployer.deploy(host, request(app))).toMatchObject(failed);
    expect(await deployer.teardown(host, app)).toMatchObject(failed);
  });

  it("takes nothing away after an undeploy that failed", async () => {
    const { engine, host, deployer, app } = await stage({ exitCode: 1, stderr: "FATA no\n" });
    await deployer.teardown(host, app);
    expect(engine.requests.filter((what) => what.startsWith("DELETE"))).toEqual([]);
  });

  it("calls a deploy failed when abra ends well but a service does not run", async () => {
    const { engine, host, deployer, app } = await stage();
    engine.on("GET /tasks", () => ({ body: [] }));
    const outcome = await deployer.deploy(host, request(app, { timeoutSeconds: 0.01 }));
    expect(outcome).toMatchObject({
      status: "fail",
      message: expect.stringContaining(`${app.stack}_app (no task)`),
    });
  });

  it("records what did not resolve", async () => {
    const warning = "image fx:1 could not be accessed on a registry to record its digest.";
    const { host, deployer, app } = await stage({ stderr: `WARN one\n${warning}\n` });
    expect((await deployer.deploy(host, request(app))).warnings).toEqual([warning]);
  });

  it("reads the version, and puts the binary on a host but once", async () => {
    const { host, deployer } = await stage({ stdout: "abra version 0.13.0-beta-06a57de\n" });
    expect(await deployer.version(host)).toBe("0.13.0-beta-06a57de");
    await deployer.version(host);
    expect(host.done.filter((what) => what.startsWith("copy"))).toHaveLength(1);
    const binary = host.path(host.executed[0]?.command[0] ?? "");
    expect((await runHere([binary])).stdout).toBe("the real binary\n");
    const second = new HostDouble().answer(() => ({ stdout: "abra version 1\n" }));
    await deployer.version(second);
    expect(second.done[0]).toMatch(/^copy /);
  });

  it.each<[string, Partial<ExecResult>]>([
    ["says something else", { stdout: "git version 2.47\n" }],
    ["says the right thing but fails", { exitCode: 1, stdout: "abra version 1\n" }],
    ["cannot be run", { exitCode: 126, stderr: "exec format error\n" }],
  ])("does not take for abra what %s", async (_, answer) => {
    const { host, deployer } = await stage(answer);
    await expect(deployer.version(host)).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining((answer.stderr ?? answer.stdout ?? "").trim()),
    });
  });
});
