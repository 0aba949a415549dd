import { describe, expect, it } from "vitest";
import { diagnose } from "../../../src/doctor/diagnose.ts";
import type { Check, Diagnosis } from "../../../src/doctor/diagnosis.ts";
import { examine, type Ways } from "../../../src/doctor/examine.ts";
import type { HostFacts } from "../../../src/doctor/facts.ts";
import { askHubOver } from "../../../src/doctor/look/hub.ts";
import { hubKey } from "../../../src/host/credentials.ts";
import { renderDiagnoses, renderDiagnosesJson } from "../../../src/report/diagnoses.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { type Executed, HostDouble } from "../../support/host-double.ts";
import { type HubAnswers, hubHeaders, hubMock } from "../../support/hub-mock.ts";
import { listedService } from "../../support/prune-host.ts";
import { now, wellFacts } from "./facts.ts";

const secret = "canary-secret";
const { asked } = wellFacts();
const basic = Buffer.from(`keeper:${secret}`).toString("base64");

/** What a shell on the double prints for a script that has such words in it. */
type Scripts = Record<string, string | { exitCode: number; stdout?: string; stderr?: string }>;

const wellScripts: Scripts = {
  "stat -f": "4096 25000000 20000000 20000000 1000000 900000\n",
  "date -u": `${now / 1000}\n`,
  "command -v abra": "",
  "docker version": "26.1.5\nE1\n",
  "config.json": JSON.stringify({ auths: { [hubKey]: { auth: basic } } }),
  flock: "by nobody\n",
  GetImageBlob: "",
  comm: "",
  PREFER_OFFLINE: "0\n",
  "hosts.toml": "",
};

interface Scene {
  engine: EngineDouble;
  host: HostDouble;
  /** What the hub was asked. */
  asked: { headers: Record<string, string>; path: string }[];
  facts: HostFacts;
  diagnoses: Diagnosis[];
}

/** Examines a host on which all is well but what is said otherwise. */
async function scene(
  changes: {
    scripts?: Scripts;
    engine?: (engine: EngineDouble) => void;
    hub?: HubAnswers;
    asked?: Partial<HostFacts["asked"]>;
    ways?: Partial<Ways>;
  } = {},
): Promise<Scene> {
  const engine = await EngineDouble.listen();
  engine.info = {
    ID: "E1",
    Driver: "overlay2",
    DockerRootDir: "/var/lib/docker",
    Swarm: { LocalNodeState: "active", ControlAvailable: true, NodeID: "n1" },
    RegistryConfig: { Mirrors: [], IndexConfigs: { "docker.io": { Mirrors: [], Secure: true } } },
  };
  engine.on("GET /version", () => ({ body: { Version: "26.1.5", ApiVersion: "1.45" } }));
  engine.on("GET /nodes", () => ({
    body: [{ ID: "n1", Status: { State: "ready" }, Spec: { Availability: "active" } }],
  }));
  engine.services = [listedService("wiki:1")];
  changes.engine?.(engine);
  const scripts = { ...wellScripts, ...changes.scripts };
  const host = new HostDouble(engine.docker).answer(({ command }: Executed) => {
    const line = command.join(" ");
    const known = Object.keys(scripts).find((words) => line.includes(words));
    if (known === undefined) throw new Error(`the host double does not know ${line}`);
    const answer = scripts[known] ?? "";
    return typeof answer === "string" ? { stdout: answer } : answer;
  });
  const headers = { ...hubHeaders, date: new Date(now).toUTCString() };
  const hub = hubMock({ manifest: { status: 200, headers }, ...changes.hub });
  const ways = { askHub: askHubOver(hub.dispatcher), now: () => now, ...changes.ways };
  const facts = await examine(host, { ...asked, ...changes.asked }, ways);
  return { engine, host, asked: hub.asked, facts, diagnoses: diagnose(facts, now) };
}

const statusOf = ({ diagnoses }: Scene, check: Check) => diagnoses.find((one) => one.check === check)?.status;
const wrongIn = ({ diagnoses }: Scene) =>
  diagnoses.filter(({ status }) => status !== "ok").map(({ check, status }) => `${check}: ${status}`);

describe("examine", () => {
  it("finds all well on a host on which all is well, and changes nothing", async () => {
    const found = await scene();
    expect(wrongIn(found)).toEqual([]);
    for (const request of found.engine.requests) expect(request).toMatch(/^GET /);
    expect(found.host.done.filter((done) => !done.startsWith("exec "))).toEqual([]);
  });

  it("asks docker.io as the host's own login", async () => {
    const { asked } = await scene();
    expect(asked[0]?.headers.authorization).toBe(`Basic ${basic}`);
  });

  it("asks docker.io in nobody's name where no credentials are to be sent", async () => {
    const found = await scene({ asked: { registryAuth: false } });
    expect(found.asked[0]?.headers).not.toHaveProperty("authorization");
    expect(statusOf(found, "credentials")).toBe("ok");
  });

  const fails = { exitCode: 1, stderr: "permission denied" };

  it.each<[string, Parameters<typeof scene>[0], string[]]>([
    ["the disk", { scripts: { "stat -f": fails } }, ["disk: unknown"]],
    ["the host's clock", { scripts: { "date -u": fails } }, ["clock: unknown"]],
    ["abra", { scripts: { "command -v abra": fails } }, ["deployer: unknown"]],
    [
      "config.json",
      { scripts: { "config.json": fails } },
      ["credentials: unknown", "docker.io: unknown", "pull budget: unknown"],
    ],
    ["the lock", { scripts: { flock: fails } }, ["run lock: unknown"]],
    ["pulls", { scripts: { GetImageBlob: fails } }, ["pulls in flight: unknown"]],
    ["processes", { scripts: { comm: fails } }, ["other deploys: unknown"]],
    ["the prefer-offline switch", { scripts: { PREFER_OFFLINE: fails } }, ["pull path: unknown"]],
    ["the docker client", { scripts: { "docker version": fails } }, ["docker client: problem"]],
    [
      "services",
      { engine: (engine) => engine.on("GET /services", () => ({ status: 500, body: { message: "x" } })) },
      ["services: unknown", "stack name: unknown"],
    ],
    [
      "volumes",
      { engine: (engine) => engine.on("GET /volumes", () => ({ status: 500, body: { message: "x" } })) },
      ["stack name: unknown"],
    ],
    [
      "nodes",
      { engine: (engine) => engine.on("GET /nodes", () => ({ status: 500, body: { message: "x" } })) },
      ["swarm: unknown"],
    ],
    [
      "docker.io",
      { ways: { askHub: () => Promise.reject(new Error("getaddrinfo ENOTFOUND auth.docker.io")) } },
      ["docker.io: unknown", "pull budget: unknown"],
    ],
    [
      "an expired PAT",
      { hub: { token: { status: 401, body: { details: "incorrect" } } } },
      ["docker.io: problem", "pull budget: unknown"],
    ],
    [
      "a spent budget",
      {
        hub: {
          manifest: {
            status: 429,
            headers: { ...hubHeaders, "ratelimit-remaining": "0;w=21600", date: new Date(now).toUTCString() },
          },
        },
      },
      ["pull budget: problem"],
    ],
    [
      "a volume of the stack's name",
      { engine: (engine) => (engine.volumes = [{ Name: `${asked.stack}_data` }]) },
      ["stack name: problem"],
    ],
    [
      "another engine behind docker",
      { scripts: { "docker version": "26.1.5\nE2\n" } },
      ["docker client: problem"],
    ],
    ["a clock that is behind", { scripts: { "date -u": `${now / 1000 - 3600}\n` } }, ["clock: problem"]],
    ["a clock that is ahead", { scripts: { "date -u": `${now / 1000 + 3600}\n` } }, ["clock: problem"]],
  ])("tells apart what is wrong, and leaves the rest: %s", async (_, changes, expected) => {
    expect(wrongIn(await scene(changes))).toEqual(expected);
  });

  it("calls nothing ok that only an engine could tell, where there is none", async () => {
    const found = await scene({
      engine: (engine) => engine.on("GET /info", () => ({ status: 503, body: { message: "starting" } })),
    });
    expect(statusOf(found, "engine")).toBe("problem");
    for (const check of ["swarm", "disk", "docker client", "pull path", "pulls in flight"] as const)
      expect([check, statusOf(found, check)]).toEqual([check, "unknown"]);
  });

  it("takes the word of a better probe of abra", async () => {
    const probeAbra = async () => ({ path: "/bin/abra", version: "0.9", problems: ["no -C"] });
    expect(wrongIn(await scene({ ways: { probeAbra } }))).toEqual(["deployer: problem"]);
  });
});

/** Everything that anybody could see of a look at a host. */
function everything({ facts, diagnoses }: Scene): string {
  const text = renderDiagnoses(diagnoses, { width: 10_000, color: false });
  return [text, renderDiagnosesJson(diagnoses, 0), JSON.stringify(facts)].join("\n");
}

describe("secrets", () => {
  it.each<[string, Parameters<typeof scene>[0]]>([
    ["in config.json", {}],
    [
      "in a config.json that is broken",
      { scripts: { "config.json": `{"auths": {"x": {"auth": "${secret}"` } },
    ],
    [
      "in the output of a helper",
      {
        scripts: {
          "docker-credential-": JSON.stringify({ Username: "keeper", Secret: secret }),
          "config.json": JSON.stringify({ credsStore: "pass" }),
        },
      },
    ],
    [
      "in the output of a helper that fails",
      {
        scripts: {
          "docker-credential-": { exitCode: 1, stdout: secret, stderr: secret },
          "config.json": JSON.stringify({ credsStore: "pass" }),
        },
      },
    ],
    [
      "in a proxy's address",
      { engine: (engine) => Object.assign(engine.info, { HttpProxy: `http://keeper:${secret}@proxy:3128` }) },
    ],
    [
      "in a mirror's address",
      {
        engine: (engine) =>
          Object.assign(engine.info, { RegistryConfig: { Mirrors: [`https://keeper:${secret}@mirror/`] } }),
      },
    ],
    [
      "in the address of another engine",
      { scripts: { "docker version": { exitCode: 1, stderr: `no tcp://keeper:${secret}@host:2376` } } },
    ],
    [
      "in what other processes were told",
      { scripts: { comm: `7\tdocker\tservice\tcreate\t--env\tKEY=${secret}\tapp\n` } },
    ],
    ["in an answer of docker.io", { hub: { token: { status: 401, body: { details: secret } } } }],
    [
      "in an error of the way to docker.io",
      { ways: { askHub: () => Promise.reject(new Error(`proxy http://a:${secret}@p: no`)) } },
    ],
  ])("never show: %s", async (_, changes) => {
    const shown = everything(await scene(changes));
    expect(shown).not.toContain("canary");
    expect(shown).not.toContain(basic);
    expect(shown).toContain("docker.io");
  });

  it("travel in no command line and no environment of the host", async () => {
    const { host } = await scene({
      scripts: {
        "docker-credential-": JSON.stringify({ Username: "keeper", Secret: secret }),
        "config.json": JSON.stringify({ credsStore: "pass" }),
      },
    });
    expect(JSON.stringify(host.executed)).not.toContain("canary");
  });
});
