import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { App, DeployRequest } from "../../../src/deploy/deployer.ts";
import { StackDeployer } from "../../../src/deploy/stack.ts";
import type { ExecResult } from "../../../src/host/host.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

const deployer = new StackDeployer();

const request = (app: App, changes: Partial<DeployRequest> = {}): DeployRequest => ({
  app,
  images: {},
  registryAuth: true,
  timeoutSeconds: 1,
  ...changes,
});

/** A host whose engine runs one service of the app, and whose commands end as told. */
async function stage(app: App, answer: Partial<ExecResult> = {}): Promise<[HostDouble, EngineDouble]> {
  const engine = await EngineDouble.listen();
  const ContainerSpec = { Image: "pullproof/web:1.0.0" };
  const Spec = { Name: "x_app", Labels: stackLabel(app.stack), Mode: {}, TaskTemplate: { ContainerSpec } };
  engine.services = [{ Spec, ...{ ID: "s1" } }];
  const task = {
    ServiceID: "s1",
    DesiredState: "running",
    Status: { State: "running", ContainerStatus: { ContainerID: "c1" } },
    Spec: { ContainerSpec },
  };
  engine.tasks = [{ Labels: stackLabel(app.stack), ...task }];
  engine.containers = [{ Id: "c1", Labels: stackLabel(app.stack) }];
  engine.on("GET /containers/c1/json", () => ({ body: { Image: "sha256:1" } }));
  engine.on("POST /secrets/create", () => ({ status: 201, body: { ID: "x" } }));
  return [new HostDouble(engine.docker).answer(() => answer), engine];
}

/** What docker was called with on a host that runs the deploy's script for real. */
interface DockerCall {
  words: string[];
  env: Map<string, string>;
  cwd: string;
}

/** Deploys with a docker that only notes how it was called. */
async function dockerCall(app: App, changes: Partial<DeployRequest> = {}): Promise<DockerCall> {
  const bin = tempFolder();
  const note = join(bin, "note");
  writeScript(join(bin, "docker"), `{ printf '%s\\0' "$@"; printf '=\\0%s\\0' "$PWD"; env -0; } > '${note}'`);
  const [host] = await stage(app);
  host.answer(({ command }) => {
    const here = command.map((word) => (word.startsWith("/opt/") ? host.path(word) : word));
    return runHere(here, { PATH: `${bin}:/usr/bin:/bin` });
  });
  const outcome = await deployer.deploy(host, request(app, changes));
  expect(outcome).toMatchObject({ status: "ok", output: "" });
  const parts = readFileSync(note, "utf8").split("\0");
  const end = parts.indexOf("=");
  const env = parts.slice(end + 2).map((line): [string, string] => {
    const at = line.indexOf("=");
    return [line.slice(0, at), line.slice(at + 1)];
  });
  return { words: parts.slice(0, end), cwd: parts[end + 1] ?? "", env: new Map(env) };
}

describe("StackDeployer's command", () => {
  it("deploys the recipe's compose file and then the overrides, under the stack's name", async () => {
    const app = exampleApp();
    const { words, cwd } = await dockerCall(app, { images: { app: "pullproof/web:2" } });
    expect(words.slice(0, 2)).toEqual(["stack", "deploy"]);
    expect(words.at(-1)).toBe(app.stack);
    const files = words.flatMap((word, index) => (word === "-c" ? [words[index + 1] ?? ""] : []));
    expect(files[0]).toBe("compose.yml");
    expect(files).toHaveLength(2);
    const replaced = parse(readFileSync(join(cwd, files[1] ?? ""), "utf8"));
    expect(replaced.services).toEqual({ app: { image: "pullproof/web:2" } });
  });

  it.each([true, false])("always resolves digests (registry auth: %s)", async (registryAuth) => {
    const { words } = await dockerCall(exampleApp(), { registryAuth });
    expect(words.join(" ")).toContain("--resolve-image always");
    expect(words.includes("--with-registry-auth")).toBe(registryAuth);
  });

  it("gives docker the recipe's environment, this app's domain and stack, and what abra.sh exports", async () => {
    const app = exampleApp({
      ".env.sample": "TYPE=diary\nDOMAIN=elsewhere.example.com\nTIMEOUT=90\n",
      "abra.sh": 'export CONF_VERSION=v2\nOF_DOMAIN="conf-$DOMAIN"\nexport TIMEOUT=30',
    });
    app.recipe.env.HOSTILE = "$(id) 'x' \"y\"\n; exit 9";
    const { env } = await dockerCall(app);
    expect(Object.fromEntries(env)).toMatchObject({
      TYPE: "diary",
      DOMAIN: app.domain,
      STACK_NAME: app.stack,
      HOSTILE: app.recipe.env.HOSTILE,
      CONF_VERSION: "v2",
      OF_DOMAIN: `conf-${app.domain}`,
      TIMEOUT: "30",
    });
  });

  it("does without abra.sh", async () => {
    expect((await dockerCall(exampleApp())).env.get("STACK_NAME")).toBe("diary_example_org");
  });

  it("does not deploy when abra.sh cannot be read to its end", async () => {
    const app = exampleApp({ "abra.sh": "false" });
    await expect(dockerCall(app)).rejects.toThrow();
  });
});

describe("StackDeployer's outcome", () => {
  const warning = "image pullproof/web:1.0.0 could not be accessed on a registry to record its digest.";

  it("tells output and services of a deploy that came up", async () => {
    const app = exampleApp();
    const [host] = await stage(app, {
      stdout: "Creating service x_app\n",
      stderr: "Since --detach=false …\n",
    });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status: "ok", message: null, warnings: [] });
    expect(outcome.output).toMatch(/Creating service x_app\n.*detach/s);
    expect(outcome.services).toEqual([expect.objectContaining({ name: "x_app", running: true })]);
  });

  it.each([0, 1])("records what did not resolve, whatever the code: %i", async (exitCode) => {
    const app = exampleApp();
    const [host] = await stage(app, { exitCode, stderr: `another line\n${warning}\n` });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({ status: exitCode === 0 ? "ok" : "fail", warnings: [warning] });
  });

  it("fails at once when docker does, with the code and what it said", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app, { exitCode: 125, stderr: "unknown flag\n" });
    const outcome = await deployer.deploy(host, request(app));
    expect(outcome).toMatchObject({
      status: "fail",
      message: expect.stringContaining("125"),
      output: "unknown flag",
    });
    expect(engine.requests).not.toContain("GET /tasks");
  });

  it("fails when a service does not come up", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app);
    engine.tasks = [];
    const outcome = await deployer.deploy(host, request(app, { timeoutSeconds: 0.01 }));
    expect(outcome).toMatchObject({ status: "fail", message: expect.stringContaining("x_app (no task)") });
  });
});

describe("the recipe's secrets", () => {
  it("are made before the deploy, of the length and under the name that the recipe says", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app);
    const made: { Name: string; Data: string }[] = [];
    let commandsBefore: number | undefined;
    engine.on("POST /secrets/create", ({ body }) => {
      made.push(body as { Name: string; Data: string });
      commandsBefore ??= host.executed.length;
      return { status: 201, body: { ID: "x" } };
    });
    await deployer.deploy(host, request(app));
    expect(commandsBefore).toBe(0);
    expect(made.map(({ Name }) => Name)).toEqual([`${app.stack}_session_key_v3`]);
    const value = Buffer.from(made[0]?.Data ?? "", "base64").toString();
    expect(value).toMatch(/^[0-9a-f]{12}$/);
    await deployer.deploy(host, request(app));
    expect(made[1]?.Data).not.toBe(made[0]?.Data);
  });

  it("are left as they are where they exist", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app);
    engine.secrets = [{ Spec: { Name: `${app.stack}_session_key_v3` } }];
    await deployer.deploy(host, request(app));
    expect(engine.requests).not.toContain("POST /secrets/create");
  });

  it("are made where only another app's, or another version, exists", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app);
    engine.secrets = [`${app.stack}_session_key_v2`, "other_session_key_v3"].map((Name) => ({
      Spec: { Name },
    }));
    await deployer.deploy(host, request(app));
    expect(engine.requests).toContain("POST /secrets/create");
  });
});

describe("StackDeployer's teardown", () => {
  it("removes the stack by its name and waits", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app);
    host.answer(() => {
      engine.services = [];
      engine.tasks = [];
      engine.containers = [];
      return {};
    });
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "ok" });
    expect(host.executed.map(({ command }) => command)).toEqual([["docker", "stack", "rm", app.stack]]);
    expect(engine.requests).toContain("GET /containers/json");
  });

  it("fails when docker does, and takes nothing else away", async () => {
    const app = exampleApp();
    const [host, engine] = await stage(app, { exitCode: 1, stderr: "This node is not a swarm manager" });
    expect(await deployer.teardown(host, app)).toMatchObject({
      status: "fail",
      message: expect.stringContaining("not a swarm manager"),
    });
    expect(engine.requests).toEqual([]);
  });
});

describe("StackDeployer's version", () => {
  it("is the client's", async () => {
    const host = new HostDouble().answer(() => ({ stdout: "26.1.5+dfsg1\n" }));
    expect(await deployer.version(host)).toBe("26.1.5+dfsg1");
    expect(host.executed[0]?.command.join(" ")).toContain(".Client.Version");
  });
});
