import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { AbraDeployer } from "../../../src/deploy/abra.ts";
import { installedAbra, localAbra } from "../../../src/deploy/abra-binary.ts";
import type { App, DeployRequest } from "../../../src/deploy/deployer.ts";
import type { ExecResult } from "../../../src/host/host.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";
import { type Executed, HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

const image = "pullproof/web:1.0.0@sha256:1";

interface Stage {
  engine: EngineDouble;
  host: HostDouble;
  deployer: AbraDeployer;
  app: App;
}

/** An engine on which the app's one service is up and its secret exists, and a host on which abra answers as told. */
async function stage(answer: Partial<ExecResult> = {}, app = exampleApp()): Promise<Stage> {
  const engine = await EngineDouble.listen();
  const Labels = stackLabel(app.stack);
  const ContainerSpec = { Image: image };
  engine.services = [
    { ID: "s1", Spec: { Name: `${app.stack}_app`, Labels, Mode: {}, TaskTemplate: { ContainerSpec } } },
  ];
  const Status = { State: "running", ContainerStatus: { ContainerID: "c1" } };
  engine.tasks = [
    { ID: "t1", Labels, ServiceID: "s1", DesiredState: "running", Status, Spec: { ContainerSpec } },
  ];
  engine.containers = [{ Id: "c1", Names: ["/app"], Labels }];
  engine.on("GET /containers/c1/json", () => ({ body: { Image: "sha256:1" } }));
  engine.secrets = [{ ID: "x", Spec: { Name: `${app.stack}_session_key_v3` } } as object];
  const host = new HostDouble(engine.docker).answer(() => answer);
  return { engine, host, deployer: new AbraDeployer(installedAbra("/usr/local/bin/abra")), app };
}

const request = (app: App, changes: Partial<DeployRequest> = {}): DeployRequest => ({
  app,
  images: {},
  registryAuth: true,
  timeoutSeconds: 90,
  ...changes,
});

/** How abra was called: its words, without what ends it when it takes too long. */
const words = ({ command }: Executed) => command.slice(command.indexOf("/usr/local/bin/abra") + 1).join(" ");
const calls = (host: HostDouble) => host.executed.map(words);
const limits = (host: HostDouble) => host.executed.map(({ command }) => Number(command[3]));

describe("AbraDeployer's command", () => {
  it("cannot be told whether to send credentials", async () => {
    expect((await stage()).deployer.choosesAuth).toBe(false);
  });

  it("deploys without questions, and without a look at the network's catalogue or the domain", async () => {
    const { host, deployer, app } = await stage();
    await deployer.deploy(host, request(app));
    const [deploy, ...more] = calls(host);
    expect(deploy).toMatch(/^app deploy diary\.example\.org /);
    expect(deploy?.split(" ").slice(3).sort()).toEqual(["-C", "-D", "-n", "-o"]);
    expect(more).toEqual([]);
  });

  it("is ended on the host when it goes on after its own time is up", async () => {
    const { host, deployer, app } = await stage();
    await deployer.deploy(host, request(app, { timeoutSeconds: 90.5 }));
    expect(host.executed[0]?.command.slice(0, 2)).toEqual(["timeout", "-k"]);
    const dir = host.path(host.executed[0]?.env.ABRA_DIR ?? "");
    const { TIMEOUT } = parseEnv(readFileSync(join(dir, `servers/default/${app.domain}.env`), "utf8"));
    // Its own limit comes first, so that it can say so itself.
    expect(Number(TIMEOUT)).toBeGreaterThanOrEqual(90.5);
    expect(limits(host)[0]).toBeGreaterThan(Number(TIMEOUT));
  });

  it("has an ABRA_DIR for each app, below the folder of the run, and its files lie there", async () => {
    const { host, deployer, app, engine } = await stage();
    const other: App = { ...app, domain: "other.example.org", stack: "other_example_org" };
    engine.secrets.push({ ID: "y", Spec: { Name: `${other.stack}_session_key_v3` } } as object);
    await deployer.deploy(host, request(app));
    await deployer.deploy(host, request(other, { timeoutSeconds: 0.01 }));
    const [first = "", second = ""] = host.executed.map(({ env }) => env.ABRA_DIR);
    expect(first).not.toBe(second);
    for (const [dir, { domain }] of [[first, app] as const, [second, other] as const]) {
      expect(dir.startsWith(`${host.folder}/`)).toBe(true);
      expect(readFileSync(host.path(join(dir, `servers/default/${domain}.env`)), "utf8")).toContain(domain);
      expect(existsSync(host.path(join(dir, "recipes/diary/.git")))).toBe(true);
    }
  });

  it("brings the files before abra is called: the env file, and both compose files that it names", async () => {
    const sample = "TYPE=other:1.0\nDOMAIN=diary.example.com\nSECRET_SESSION_KEY_VERSION=v3 # length=12\n";
    const { host, deployer, app } = await stage({}, exampleApp({ ".env.sample": sample }));
    await deployer.deploy(host, request(app, { images: { app: image } }));
    expect(host.done.map((what) => what.split(" ")[0])).toEqual(["copy", "exec"]);
    const dir = host.path(host.executed[0]?.env.ABRA_DIR ?? "");
    const text = readFileSync(join(dir, `servers/default/${app.domain}.env`), "utf8");
    expect(text).toContain("# length=12");
    const env = parseEnv(text);
    expect(env).toMatchObject({ TYPE: "diary", DOMAIN: app.domain, SECRET_SESSION_KEY_VERSION: "v3" });
    const files = (env.COMPOSE_FILE ?? "").split(":");
    expect(files[0]).toBe("compose.yml");
    const replaced = parse(readFileSync(join(dir, "recipes/diary", files[1] ?? ""), "utf8"));
    expect(replaced.services).toEqual({ app: { image } });
  });
});

describe("AbraDeployer's secrets", () => {
  /** A stage without the secret, on which a call of abra does `generates`. */
  async function without(generates: (engine: EngineDouble) => Partial<ExecResult>): Promise<Stage> {
    const made = await stage();
    made.engine.secrets = [];
    made.host.answer((call) => (words(call).startsWith("app secret") ? generates(made.engine) : {}));
    return made;
  }

  it("are made by abra before the deploy, and what it prints of them goes nowhere", async () => {
    const canary = "s3cr3t-of-the-app";
    const { host, deployer, app } = await without((engine) => {
      engine.secrets = [{ ID: "x", Spec: { Name: "diary_example_org_session_key_v3" } } as object];
      return { stdout: `session_key ${canary}\n` };
    });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome.status).toBe("ok");
    expect(calls(host)[0]).toBe("app secret generate -a diary.example.org");
    expect(calls(host)[1]).toMatch(/^app deploy/);
    expect(JSON.stringify(outcome)).not.toContain(canary);
  });

  it.each<[string, Partial<ExecResult>, string, RegExp]>([
    [
      "abra fails",
      { exitCode: 1, stdout: "key canary\n", stderr: "FATA no server\n" },
      "fail",
      /FATA no server/,
    ],
    ["abra hangs", { exitCode: 124, stdout: "key canary\n" }, "info", /did not end within/],
    ["abra ends well and made none", { stdout: "key canary\n" }, "fail", /session_key/],
  ])("when %s there is no deploy", async (_, answer, status, message) => {
    const { host, deployer, app } = await without(() => answer);
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status, message: expect.stringMatching(message) });
    expect(JSON.stringify(outcome)).not.toContain("canary");
    expect(calls(host)).toHaveLength(1);
  });

  it.each<[string, Partial<ExecResult>]>([
    ["code without a word of its own", { exitCode: 3, stdout: "session_key canary\n" }],
    ["signal", { exitCode: 137, stdout: "session_key canary\n" }],
  ])("are not told by an error that is but a %s", async (_, answer) => {
    const { host, deployer, app } = await without(() => answer);
    expect(JSON.stringify(await deployer.deploy(host, request(app)))).not.toContain("canary");
  });
});

describe("AbraDeployer's outcome", () => {
  it("is up when abra ends well and the services run", async () => {
    const { host, deployer, app } = await stage({
      stdout: "deploying\n",
      stderr: "\u001b[32mdone\u001b[0m\n",
    });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status: "ok", message: null, output: "deploying\n\ndone" });
    expect(outcome.services).toEqual([
      expect.objectContaining({ name: `${app.stack}_app`, running: true, image }),
    ]);
  });

  it.each<[string, Partial<ExecResult>, RegExp]>([
    ["FATA on stderr", { exitCode: 1, stderr: "WARN x\nFATA deploy timed out\n" }, /FATA deploy timed out/],
    ["FATA on stdout", { exitCode: 1, stdout: "FATA no such app\n" }, /FATA no such app/],
    [
      "FATA in colour, with a place",
      { exitCode: 1, stderr: "\u001b[31mFATA\u001b[0m <app/deploy.go:90> unstaged changes\n" },
      /FATA unstaged changes/,
    ],
    ["FATA though the code is 0", { exitCode: 0, stderr: "FATA lint failed\n" }, /FATA lint failed/],
    ["a code without FATA", { exitCode: 3, stderr: "a\nb\n" }, /code 3: b/],
    ["a code without a word", { exitCode: 3 }, /code 3: it named no error/],
  ])("is failed by %s, in the deploy and in the teardown", async (_, answer, message) => {
    const { host, deployer, app } = await stage(answer);
    const failed = { status: "fail", message: expect.stringMatching(message) };
    expect(await deployer.deploy(host, request(app))).toMatchObject(failed);
    expect(await deployer.teardown(host, app)).toMatchObject(failed);
  });

  it("tells what is applied after a failure, because it stays", async () => {
    const { engine, host, deployer, app } = await stage({ exitCode: 1, stderr: "FATA deploy timed out\n" });
    engine.tasks = [];
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome.message).toMatch(/FATA deploy timed out; .*diary_example_org_app \(no task\)/);
    expect(outcome.services).toEqual([expect.objectContaining({ running: false })]);
    // One look for the answer: abra has waited already.
    expect(engine.requests.filter((what) => what === "GET /tasks")).toHaveLength(1);
  });

  describe("is, of an abra that", () => {
    const nothing = (engine: EngineDouble) => {
      engine.services = [];
      engine.tasks = [];
    };
    const notUp = (engine: EngineDouble) => {
      engine.tasks = [];
    };
    const allUp = () => {};
    const hung = /did not end within 120 s, and was ended/;

    it.each<[string, number, (engine: EngineDouble) => void, string, RegExp]>([
      ["hung before it applied anything, unknown", 124, nothing, "info", hung],
      ["hung with every service up, unknown", 124, allUp, "info", hung],
      ["still waited for a service, failed", 124, notUp, "fail", hung],
      ["was killed with a service not up, unknown", 137, notUp, "info", /code 137/],
      ["was cut off with its connection, unknown", -1, allUp, "info", /code -1/],
    ])("%s", async (_, exitCode, arrange, status, message) => {
      const { engine, host, deployer, app } = await stage({ exitCode });
      arrange(engine);
      const outcome = await deployer.deploy(host, request(app));
      expect(outcome).toMatchObject({ status, message: expect.stringMatching(message) });
    });
  });

  it("is a failure when abra ends well but a service does not run", async () => {
    const { engine, host, deployer, app } = await stage();
    engine.tasks = [];
    const outcome = await deployer.deploy(host, request(app, { timeoutSeconds: 0.01 }));
    expect(outcome).toMatchObject({
      status: "fail",
      message: expect.stringContaining(`${app.stack}_app (no task)`),
    });
  });

  it("is a failure when abra ends well but swarm took the deploy back", async () => {
    const { engine, host, deployer, app } = await stage();
    const [service] = engine.services;
    engine.services = [{ ...service, UpdateStatus: { State: "rollback_completed", Message: "rolled back" } }];
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status: "fail", message: expect.stringContaining("rollback_completed") });
  });

  it("records what did not resolve", async () => {
    const warning = "image fx:1 could not be accessed on a registry to record its digest.";
    const { host, deployer, app } = await stage({ stderr: `WARN one\n${warning}\n` });
    expect((await deployer.deploy(host, request(app))).warnings).toEqual([warning]);
  });
});

describe("AbraDeployer's teardown", () => {
  it("undeploys, waits until the stack is gone, and removes what outlives it", async () => {
    const { engine, host, deployer, app } = await stage();
    engine.volumes = [{ Name: "data", Labels: stackLabel(app.stack) }];
    host.answer(() => {
      engine.services = [];
      engine.tasks = [];
      engine.containers = [];
      return {};
    });
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "ok" });
    expect(calls(host)).toEqual(["app undeploy diary.example.org -n"]);
    expect([engine.volumes, engine.secrets]).toEqual([[], []]);
    expect(engine.requests.filter((what) => /images/.test(what))).toEqual([]);
  });

  it("takes nothing away after an undeploy that failed", async () => {
    const { engine, host, deployer, app } = await stage({ exitCode: 1, stderr: "FATA no\n" });
    await deployer.teardown(host, app);
    expect(engine.requests.filter((what) => what.startsWith("DELETE"))).toEqual([]);
  });

  it("does not know what came of an undeploy that had to be ended", async () => {
    const { host, deployer, app } = await stage({ exitCode: 124 });
    const message = expect.stringContaining("did not end within");
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "info", message });
  });

  it("asks abra for nothing when nothing was deployed, and still removes the secrets", async () => {
    const { engine, host, deployer, app } = await stage({ exitCode: 1, stderr: "FATA not deployed\n" });
    engine.services = [];
    engine.tasks = [];
    engine.containers = [];
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "ok" });
    expect([calls(host), engine.secrets]).toEqual([[], []]);
  });
});

describe("AbraDeployer's version", () => {
  it("is what abra says", async () => {
    const { host, deployer } = await stage({ stdout: "abra version 0.13.0-beta-06a57de\n" });
    expect(await deployer.version(host)).toBe("0.13.0-beta-06a57de");
  });

  it.each<[string, Partial<ExecResult>]>([
    ["says something else", { stdout: "git version 2.47\n" }],
    ["says the right thing but fails", { exitCode: 1, stdout: "abra version 1\n" }],
    ["cannot be run", { exitCode: 126, stderr: "exec format error\n" }],
  ])("is none of what %s", async (_, answer) => {
    const { host, deployer } = await stage(answer);
    await expect(deployer.version(host)).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining((answer.stderr ?? answer.stdout ?? "").trim()),
    });
  });
});

describe("localAbra", () => {
  it("is put on each host once, as a program", async () => {
    const binary = localAbra(writeScript(join(tempFolder(), "abra"), "echo the real binary"));
    const [first, second] = [new HostDouble(), new HostDouble()];
    const path = await binary.on(first);
    await binary.on(first);
    expect(first.done).toEqual([expect.stringMatching(/^copy /)]);
    expect((await runHere([first.path(path)])).stdout).toBe("the real binary\n");
    expect(existsSync(second.path(await binary.on(second)))).toBe(true);
  });
});
