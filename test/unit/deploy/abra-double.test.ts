import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { AbraDeployer } from "../../../src/deploy/abra.ts";
import { installedAbra } from "../../../src/deploy/abra-binary.ts";
import { callAbra } from "../../../src/deploy/abra-call.ts";
import type { App, DeployRequest, Outcome } from "../../../src/deploy/deployer.ts";
import { folderOf } from "../../../src/deploy/files.ts";
import { doubleMark } from "../../../src/model/contract-double.ts";
import { appMaker } from "../../abra/recipe.ts";
import { abraDouble, doubleTold, type Told } from "../../support/abra-double/double.ts";
import { type DoubleStage, stageOfDoubles } from "../../support/abra-double/stage.ts";
import { runHere } from "../../support/host-double.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

const appOf = appMaker();

const request = (app: App): DeployRequest => ({ app, images: {}, registryAuth: true, timeoutSeconds: 30 });

/** Calls the double in a folder of abra's. */
async function double(stage: DoubleStage, app: App, ...words: string[]) {
  return callAbra(stage.host, await stage.binary.on(stage.host), words, {
    abraDir: folderOf(stage.host, app),
    seconds: 30,
  });
}

/** A stage on which the app's files and its secret are, and nothing is deployed. */
async function withFiles(app: App): Promise<DoubleStage> {
  const stage = await stageOfDoubles();
  await new AbraDeployer(installedAbra("/bin/false")).deploy(stage.host, request(app));
  await double(stage, app, "app", "secret", "generate", "-a", app.domain);
  return stage;
}

describe("the double", () => {
  it("says what it is wherever it speaks for itself", async () => {
    for (const words of [
      ["--version"],
      ["--help"],
      ["app", "--help"],
      ["app", "deploy", "--help"],
      ["frobnicate"],
    ]) {
      const { stdout, stderr } = await runHere([abraDouble, ...words]);
      expect(`${stdout}${stderr}`, words.join(" ")).toMatch(/contract.double/);
    }
  });

  it.each([
    ["", "no command"],
    ["frobnicate", "frobnicate"],
    ["app", "app|no command"],
    ["app frobnicate", "frobnicate"],
    ["app deploy", "deploy"],
    ["app deploy a.example.org", "without -n"],
    ["app deploy a.example.org -n --chaos", "--chaos"],
    ["app deploy a.example.org -n -C -C", "-C"],
    ["app deploy a.example.org 1.0.0 2.0.0 -n", "2.0.0"],
    ["app undeploy a.example.org", "without -n"],
    ["app undeploy a.example.org -n --prune", "--prune"],
    ["app remove a.example.org -n -f", "-f"],
    ["app new ledger -n --server=default", "--domain"],
    ["app new ledger -n --domain= --server=default", "--domain="],
    ["app new ledger -n --domain=a.example.org --server=default --pass", "--pass"],
    ["app secret generate a.example.org", "a.example.org"],
    ["app secret generate -a", "domain"],
    ["app secret generate -a a.example.org all", "all"],
    ["app secret remove -a a.example.org", "secret"],
    ["app volume remove a.example.org -f", "volume"],
    ["app ls", "ls"],
    ["app ls -m -S", "-S"],
    ["app ps a.example.org", "-m"],
    ["server prune", "prune"],
    ["server ls -m -p", "-p"],
    ["recipe fetch ledger", "recipe"],
  ])("refuses what is not in the contract, and names the word: %s", async (line, word) => {
    const { exitCode, stderr } = await runHere([abraDouble, ...line.split(" ").filter(Boolean)], {
      HOME: tempFolder(),
    });
    expect(exitCode).not.toBe(0);
    expect(stderr).toMatch(new RegExp(`not in the contract: .*(${word})`));
  });

  it("takes every command line of the contract", async () => {
    const app = appOf("whole");
    const { domain } = app;
    const stage = await withFiles(app);
    for (const line of [
      "--version",
      "server add --local",
      "server ls -m",
      "app ls -m",
      `app deploy ${domain} -n -c -C -o -f -D`,
      `app ps ${domain} -m`,
      `app undeploy ${domain} -n`,
      `app deploy ${domain} 0.2.0+1.0.0 -n -o`,
      `app undeploy ${domain} -n`,
      `app remove ${domain} -n`,
      "app new ledger -n --domain=two.example.org --server=default -C -S",
      "app new ledger -n --domain=three.example.org --server=default --secrets",
      "app secret generate -a two.example.org",
    ]) {
      const end = await double(stage, app, ...line.split(" "));
      expect(end.failure, line).toBeNull();
      if (line.endsWith("-m")) expect(() => JSON.parse(end.output), line).not.toThrow();
    }
    expect(stage.swarm().secrets.map(({ bytes }) => bytes)).toEqual([20, 20, 20]);
  });

  it("deploys as abra does: digests resolved, the app's variables, abra.sh's, and no credentials", async () => {
    const app = appOf("asked");
    const stage = await withFiles(app);
    await double(stage, app, "app", "deploy", app.domain, "-n", "-C", "-c");
    const { calls, env } = stage.swarm();
    expect(calls.at(-1)).toBe(
      "stack deploy --resolve-image always --compose-file=compose.yml --compose-file=compose.pullproof.yml asked_example_org",
    );
    expect(env).toMatchObject({ DOMAIN: app.domain, STACK_NAME: app.stack, LEDGER_CONF_VERSION: "v1" });
  });

  describe("refuses to deploy", () => {
    const deploy = (stage: DoubleStage, app: App, ...flags: string[]) =>
      double(stage, app, "app", "deploy", app.domain, "-n", "-o", ...flags);
    const checkoutOf = ({ host }: DoubleStage, app: App) =>
      host.path(`${folderOf(host, app)}/recipes/ledger`);
    const envOf = ({ host }: DoubleStage, app: App) =>
      host.path(`${folderOf(host, app)}/servers/default/${app.domain}.env`);

    it.each<[string, (stage: DoubleStage, app: App) => unknown, string[], RegExp]>([
      [
        "an app without an env file",
        (stage, app) => runHere(["rm", envOf(stage, app)]),
        ["-C"],
        /cannot find app/,
      ],
      [
        "a file that is not data",
        (stage, app) => writeFileSync(envOf(stage, app), "TYPE=ledger\nDOMAIN=$(id)\\x\n"),
        ["-C"],
        /line 2/,
      ],
      [
        "another app's env file",
        (stage, app) => writeFileSync(envOf(stage, app), "TYPE=ledger\nDOMAIN=b.example.org\n"),
        ["-C"],
        /b\.example\.org/,
      ],
      [
        "a recipe that is no checkout",
        (stage, app) => runHere(["rm", "-r", `${checkoutOf(stage, app)}/.git`]),
        ["-C"],
        /no git checkout/,
      ],
      [
        "an untracked file, without -C",
        (stage, app) => writeTree(checkoutOf(stage, app), { new: "" }),
        [],
        /unstaged/,
      ],
      [
        "a changed file, without -C",
        (stage, app) => writeTree(checkoutOf(stage, app), { "README.md": "" }),
        [],
        /unstaged/,
      ],
      [
        "a version that is no tag, without -C",
        (stage, app) => runHere(["git", "-C", checkoutOf(stage, app), "tag", "-d", "0.2.0+1.0.0"]),
        [],
        /lint/,
      ],
      [
        "without its secrets",
        async ({ host }) => {
          for (const { ID } of await host.docker.listSecrets()) await host.docker.getSecret(ID).remove();
        },
        ["-C"],
        /secrets not generated/,
      ],
    ])("%s", async (_, spoil, flags, message) => {
      const app = appOf("spoilt");
      const stage = await withFiles(app);
      await spoil(stage, app);
      expect((await deploy(stage, app, ...flags)).failure).toMatch(message);
      expect(stage.swarm().services).toEqual([]);
    });

    it("a name that swarm has no room for", async () => {
      const app = appOf("a".repeat(40));
      const stage = await stageOfDoubles();
      const outcome = await new AbraDeployer(stage.binary).deploy(stage.host, request(app));
      expect(outcome).toMatchObject({ status: "fail", message: expect.stringContaining("64 characters") });
    });
  });
});

describe("the double that is told", () => {
  /** How a deploy by a double ends that was told something. */
  async function deployed(...told: Told[]): Promise<{ outcome: Outcome; stage: DoubleStage; app: App }> {
    const app = appOf("told");
    const stage = await stageOfDoubles(doubleTold(join(tempFolder(), "abra"), ...told));
    const outcome = await new AbraDeployer(stage.binary).deploy(stage.host, request(app));
    return { outcome, stage, app };
  }

  it.each<[Told, RegExp, boolean]>([
    ["fata", /FATA told to fail; the stack then: no service/, false],
    ["exit", /code 3: it named no error/, false],
    ["dirty", /FATA .*unstaged changes/, false],
    ["lint", /FATA .*lint/, false],
    ["timeout", /FATA deploy timed out; the stack then: every service is up/, true],
    ["rollback", /rollback_completed/, true],
  ])("%s fails the deploy, and the app can be torn down", async (told, message, applied) => {
    const { outcome, stage, app } = await deployed(told);
    expect(outcome).toMatchObject({ status: "fail", message: expect.stringMatching(message) });
    expect(stage.swarm().services).toHaveLength(applied ? 1 : 0);
    // What fails every command would fail the teardown as well.
    if (told !== "fata" && told !== "exit") {
      expect(await new AbraDeployer(stage.binary).teardown(stage.host, app)).toMatchObject({ status: "ok" });
      expect(stage.swarm()).toMatchObject({ services: [], secrets: [], volumes: [] });
    }
  });

  it("hang goes on until it is ended", async () => {
    const app = appOf("told");
    const stage = await withFiles(app);
    writeTree(stage.host.path(folderOf(stage.host, app)), { double: "hang\n" });
    const path = await stage.binary.on(stage.host);
    const words = ["app", "deploy", app.domain, "-n", "-C"];
    const end = await callAbra(stage.host, path, words, { abraDir: folderOf(stage.host, app), seconds: 1 });
    expect(end).toMatchObject({ ended: "limit", output: "hanging" });
  });

  it("registry-auth sends credentials; nothing else does", async () => {
    for (const told of [["registry-auth"], []] as Told[][]) {
      const { outcome, stage } = await deployed(...told);
      expect(outcome.status).toBe("ok");
      const deploys = stage.swarm().calls.filter((call) => call.startsWith("stack deploy"));
      expect(deploys.map((call) => call.includes("--with-registry-auth"))).toEqual([told.length > 0]);
    }
  });

  it("what it does not know, refuses", async () => {
    const told = doubleTold(join(tempFolder(), "abra"), "frobnicate" as Told);
    const { exitCode, stderr } = await runHere([told, "app", "ls", "-m"]);
    expect([exitCode, stderr]).toEqual([64, expect.stringContaining("frobnicate")]);
  });

  it("anything says what it is", async () => {
    const stage = await stageOfDoubles(doubleTold(join(tempFolder(), "abra"), "registry-auth"));
    expect(await new AbraDeployer(stage.binary).version(stage.host)).toContain(doubleMark);
  });
});
