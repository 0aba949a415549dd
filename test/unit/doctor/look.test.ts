import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { deployWords } from "../../../src/doctor/look/deploy-words.ts";
import { engineOf, pathOf, swarmOf } from "../../../src/doctor/look/engine.ts";
import { clockOf, diskOf } from "../../../src/doctor/look/machine.ts";
import { deploysOf, lockOf, pullsOf, servicesOf } from "../../../src/doctor/look/others.ts";
import { see } from "../../../src/doctor/look/see.ts";
import { abraOf, clientOf } from "../../../src/doctor/look/tools.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { listedService } from "../../support/prune-host.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

/** A host whose commands run for real on this machine, its paths lying below a folder. */
function shellHost(root: string, env: Record<string, string> = {}): HostDouble {
  return new HostDouble().answer(({ command }) =>
    runHere(
      command.map((word) => word.replaceAll(/(?<![\w.])\/(proc|var)\//g, `${root}/$1/`)),
      { PATH: `${root}/bin:/usr/bin:/bin`, HOME: root, ...env },
    ),
  );
}

/** Root reads every folder. */
const rootUser = process.getuid?.() === 0;

describe("see", () => {
  it("gives what was seen", async () => {
    expect(await see(async () => 7)).toEqual({ seen: 7 });
  });

  it.each<[string, unknown, string]>([
    ["an error", new Error("boom"), "boom"],
    [
      "the engine's own words",
      Object.assign(new Error("(HTTP 503) no"), { json: { message: "not a manager" } }),
      "not a manager",
    ],
    ["a code without words", Object.assign(new AggregateError([]), { code: "ECONNREFUSED" }), "ECONNREFUSED"],
    [
      "an address without its password",
      new Error("dial tcp://keeper:hunter2@host:2375: no"),
      "dial tcp://…@host:2375: no",
    ],
    ["a password with an @", new Error("proxy http://a:hun@ter2@host no"), "proxy http://…@host no"],
  ])("tells %s", async (_, thrown, expected) => {
    expect(
      await see(async () => {
        throw thrown;
      }),
    ).toEqual({ unseen: expected });
  });

  it("does not wait for ever", async () => {
    expect(await see(() => new Promise(() => {}), 1)).toEqual({
      unseen: expect.stringContaining("no answer"),
    });
  });
});

describe("diskOf", () => {
  it("reads the file system of a folder, whatever its name", async () => {
    const folder = join(writeTree(tempFolder(), { "a 'b' $(c)/x": "" }), "a 'b' $(c)");
    const { totalBytes, usedBytes } = await diskOf(shellHost(tempFolder()), folder);
    expect(totalBytes).toBeGreaterThan(0);
    expect(usedBytes).toBeLessThanOrEqual(totalBytes);
  });

  it("throws for a folder that is not there, and for what is no statfs", async () => {
    await expect(diskOf(shellHost(tempFolder()), "/nowhere")).rejects.toThrow("/nowhere");
    const odd = new HostDouble().answer(() => ({ stdout: "1 2 3\n" }));
    await expect(diskOf(odd, "/")).rejects.toThrow("1 2 3");
  });
});

describe("clockOf", () => {
  it("reads the host's clock between two looks at ours", async () => {
    const times = [1_000, 3_000];
    const host = new HostDouble().answer(() => ({ stdout: "1700000000\n" }));
    expect(await clockOf(host, () => times.shift() ?? 0)).toEqual({
      host: 1_700_000_000_500,
      before: 1_000,
      after: 3_000,
    });
    const { before, host: here, after } = await clockOf(shellHost(tempFolder()), Date.now);
    expect(Math.abs(here - (before + after) / 2)).toBeLessThan(60_000);
  });

  it.each(["", "soon", "17e9", "-1"])("throws for a date of %j", async (stdout) => {
    const host = new HostDouble().answer(() => ({ stdout }));
    await expect(clockOf(host, Date.now)).rejects.toThrow("date printed");
  });
});

describe("abraOf", () => {
  const host = (script?: string) => {
    const root = tempFolder();
    if (script !== undefined) writeScript(join(root, "bin/abra"), script);
    return shellHost(root);
  };

  it("tells where it lies, and its version", async () => {
    const found = await abraOf(host("echo abra version 0.13.0-beta-06a57de"));
    expect(found).toEqual({
      path: expect.stringMatching(/bin\/abra$/),
      version: "0.13.0-beta-06a57de",
      problems: [],
    });
  });

  it("tells that there is none", async () => {
    expect(await abraOf(host())).toMatchObject({ path: null, version: null });
  });

  it.each(["echo something else", "echo"])("knows no version of what does: %s", async (script) => {
    expect(await abraOf(host(script))).toMatchObject({ path: expect.any(String), version: null });
  });

  it("throws for one that fails", async () => {
    await expect(abraOf(host("echo boom >&2; exit 1"))).rejects.toThrow("boom");
  });
});

describe("clientOf", () => {
  const docker = `
case "$1 $3" in
  "version {{.Client.Version}}") echo 26.1.5 ;;
  "info {{.ID}}") echo "\${ENGINE:-E1}" ;;
  *) exit 9 ;;
esac`;
  const host = (script: string, env: Record<string, string> = {}) => {
    const root = tempFolder();
    writeScript(join(root, "bin/docker"), script);
    return shellHost(root, env);
  };

  it("tells which engine it speaks with", async () => {
    expect(await clientOf(host(docker))).toEqual({ version: "26.1.5", engine: "E1", variables: [] });
    expect(await clientOf(host(docker, { ENGINE: "E2" }))).toMatchObject({ engine: "E2" });
  });

  it("names variables that are set, and tells no value", async () => {
    const set = {
      DOCKER_HOST: "tcp://hunter2@x",
      DOCKER_AUTH_CONFIG: '{"auths":"hunter2"}',
      DOCKER_TLS_VERIFY: "",
    };
    const found = await clientOf(host(docker, set));
    expect(found).toMatchObject({ variables: ["DOCKER_HOST", "DOCKER_AUTH_CONFIG"] });
    expect(JSON.stringify(found)).not.toContain("hunter2");
  });

  it("is unusable where it has no engine, with its words and without a password", async () => {
    const script = "echo cannot connect to tcp://keeper:hunter2@host >&2; exit 1";
    expect(await clientOf(host(script))).toEqual({ unusable: "cannot connect to tcp://…@host" });
  });

  it("is unusable where there is none", async () => {
    const root = tempFolder();
    // Only what the script needs besides.
    const none = shellHost(root, { PATH: `${root}/bin` }).answer(({ command: [, ...words] }) =>
      runHere(["/bin/sh", ...words], { PATH: `${root}/bin` }),
    );
    expect(await clientOf(none)).toEqual({ unusable: expect.stringContaining("not found") });
  });
});

describe("lockOf", () => {
  const file = "var/lib/pullproof/run.lock";

  /** Holds the lock until the test is over. */
  async function hold(root: string, how: string): Promise<void> {
    // It ends, and lets go, when its input does.
    const child = spawn("flock", [how, join(root, file), "-c", "echo held; cat"]);
    onTestFinished(() => void child.stdin.end());
    await once(child.stdout, "data");
  }

  it.each([
    ["--shared", "shared"],
    ["--exclusive", "alone"],
  ])("sees a lock that is held %s", async (how, held) => {
    const root = writeTree(tempFolder(), { [file]: "" });
    await hold(root, how);
    expect(await lockOf(shellHost(root))).toMatchObject({ held });
  });

  it("sees a lock that nobody holds, and leaves it so", async () => {
    const root = writeTree(tempFolder(), { [file]: "" });
    const host = shellHost(root);
    expect(await lockOf(host)).toMatchObject({ held: "by nobody" });
    expect(await lockOf(host)).toMatchObject({ held: "by nobody" });
  });

  it("makes no file where there is none", async () => {
    const root = writeTree(tempFolder(), { "var/lib/x": "" });
    expect(await lockOf(shellHost(root))).toMatchObject({ held: "by nobody" });
    expect(existsSync(join(root, "var/lib/pullproof"))).toBe(false);
  });

  it("throws where flock is missing or fails: an error is no answer", async () => {
    const root = writeTree(tempFolder(), { [file]: "" });
    writeScript(join(root, "bin/flock"), "echo no locks on this file system >&2; exit 66");
    await expect(lockOf(shellHost(root))).rejects.toThrow("no locks");
  });
});

describe("pullsOf", () => {
  const ingest = "containerd/daemon/io.containerd.content.v1.content/ingest";
  const graphdriver = (root: string) => ({ dataRoot: root, imageStore: "graphdriver" as const });

  it("sees files of a pull, and takes nothing else for one", async () => {
    const root = writeTree(tempFolder(), {
      "tmp/GetImageBlob1": "",
      "tmp/other": "",
      [`${ingest}/abc/data`]: "",
    });
    expect(await pullsOf(shellHost(root), graphdriver(root))).toEqual([
      join(root, "tmp/GetImageBlob1"),
      join(root, ingest, "abc"),
    ]);
  });

  it("sees none where folders are empty or not there", async () => {
    const root = writeTree(tempFolder(), { "tmp/other": "" });
    expect(await pullsOf(shellHost(root), graphdriver(root))).toEqual([]);
  });

  it("looks into containerd's own folder for the containerd store alone", async () => {
    const own = "var/lib/containerd/io.containerd.content.v1.content/ingest";
    const root = writeTree(tempFolder(), { [`${own}/abc/data`]: "" });
    const host = shellHost(root);
    expect(await pullsOf(host, { dataRoot: "/d", imageStore: "containerd" })).toEqual([
      join(root, own, "abc"),
    ]);
    expect(await pullsOf(host, { dataRoot: "/d", imageStore: "graphdriver" })).toEqual([]);
  });

  it.skipIf(rootUser)("throws where a folder may not be read: it may hold any pull", async () => {
    const root = writeTree(tempFolder(), { "data/tmp/GetImageBlob1": "" });
    chmodSync(join(root, "data"), 0o600);
    onTestFinished(() => chmodSync(join(root, "data"), 0o700));
    await expect(pullsOf(shellHost(root), graphdriver(join(root, "data")))).rejects.toThrow(/denied/);
  });

  it("throws where a folder cannot be listed for another reason than that it is not there", async () => {
    const root = tempFolder();
    writeScript(join(root, "bin/ls"), "echo ls: cannot open directory: Permission denied >&2; exit 2");
    await expect(pullsOf(shellHost(root), graphdriver(root))).rejects.toThrow("Permission denied");
  });
});

describe("deploysOf", () => {
  const process = (comm: string, ...words: string[]) => ({
    comm: `${comm}\n`,
    cmdline: words.map((word) => `${word}\0`).join(""),
  });
  const procOf = (processes: Record<string, { comm: string; cmdline: string }>) =>
    writeTree(
      tempFolder(),
      Object.fromEntries(
        Object.entries({ 1: process("systemd", "/sbin/init"), ...processes }).flatMap(
          ([pid, { comm, cmdline }]) => [
            [`proc/${pid}/comm`, comm],
            [`proc/${pid}/cmdline`, cmdline],
          ],
        ),
      ),
    );

  it("names what deploys, by its command and its number alone", async () => {
    const root = procOf({
      20: process("docker", "docker", "-H", "tcp://hunter2@x", "stack", "deploy", "-c", "hunter2.yml", "app"),
      21: process("abra", "/usr/bin/abra", "app", "deploy", "hunter2.example.com", "-n"),
      22: process("docker", "docker", "service", "create", "--env", "KEY=hunter2\nand\tmore", "app"),
      23: process("docker", "docker", "logs", "hunter2"),
      24: process("dockerd", "dockerd", "-H", "fd://"),
      25: process("bash", "bash", "-c", "docker stack deploy"),
    });
    expect(await deploysOf(shellHost(root))).toEqual([
      "docker stack deploy (process 20)",
      "abra app deploy (process 21)",
      "docker service create (process 22)",
    ]);
  });

  it("sees none where nobody deploys, this machine's own /proc included", async () => {
    expect(await deploysOf(shellHost(procOf({})))).toEqual([]);
    const host = new HostDouble().answer(({ command }) => runHere(command));
    expect(await deploysOf(host)).toEqual(expect.any(Array));
  });

  it("throws where other users' processes are hidden", async () => {
    const root = writeTree(tempFolder(), { "proc/20/comm": "docker\n" });
    await expect(deploysOf(shellHost(root))).rejects.toThrow("proc/1/comm");
  });
});

describe("deployWords", () => {
  it.each<[string, string | null]>([
    ["docker pull nginx", "docker pull"],
    ["/usr/local/bin/docker --context x --debug image pull nginx", "docker image pull"],
    ["docker compose -f a.yml up -d", "docker compose up"],
    ["docker-compose -p x up", "docker-compose up"],
    ["docker run alpine pull", "docker run"],
    ["docker system prune -af", "docker system prune"],
    ["docker runaway", null],
    ["docker exec app docker pull", null],
    ["docker ps", null],
    ["docker", null],
    ["abra app ls", null],
    ["abra -d app undeploy x", "abra app undeploy"],
    ["toString constructor", null],
    ["", null],
  ])("%s: %s", (line, expected) => {
    expect(deployWords(line === "" ? [] : line.split(" "))).toBe(expected);
  });
});

describe("what the engine tells", () => {
  async function host(): Promise<{ engine: EngineDouble; host: HostDouble }> {
    const engine = await EngineDouble.listen();
    engine.info = {
      ID: "E1",
      DockerRootDir: "/d",
      Swarm: { LocalNodeState: "active", ControlAvailable: true, NodeID: "n1" },
    };
    engine.on("GET /version", () => ({ body: { Version: "26.1.5", ApiVersion: "1.45" } }));
    const n1 = { ID: "n1", Status: { State: "ready" }, Spec: { Availability: "drain" } };
    engine.on("GET /nodes", () => ({ body: [{ ID: "n2" }, n1] }));
    return { engine, host: new HostDouble(engine.docker) };
  }

  it("is its ID, its version and its data root", async () => {
    expect(await engineOf((await host()).host)).toMatchObject({
      id: "E1",
      version: "26.1.5",
      dataRoot: "/d",
    });
  });

  it("is the swarm as this node sees it", async () => {
    expect(await swarmOf((await host()).host)).toEqual({
      state: "active",
      manager: true,
      nodes: 2,
      node: { state: "ready", availability: "drain" },
    });
  });

  it("is no swarm where it is in none, and nobody is asked for nodes", async () => {
    const { engine, host: it } = await host();
    engine.info = { Swarm: { LocalNodeState: "inactive" } };
    expect(await swarmOf(it)).toEqual({ state: "inactive", manager: false, nodes: 0, node: null });
    expect(engine.requests).not.toContain("GET /nodes");
  });

  it.each([
    [{ "docker.io": { Secure: false } }, true],
    [{ "docker.io": { Secure: true } }, false],
    [{ "ghcr.io": { Secure: false } }, false],
    [null, false],
  ])("is whether docker.io is insecure: %j", async (IndexConfigs, insecure) => {
    const { engine, host: it } = await host();
    engine.info = { RegistryConfig: { IndexConfigs, Mirrors: ["https://keeper:hunter2@m/"] } };
    const path = await pathOf(it);
    expect(path).toMatchObject({ insecure, mirrors: ["https://…@m/"] });
  });

  it("is every service, with updates that are not over", async () => {
    const { engine, host: it } = await host();
    const listed = (Name: string, State?: string) => ({
      ...listedService("a:1"),
      Spec: { Name },
      ...(State && { UpdateStatus: { State } }),
    });
    engine.services = [
      listed("plain"),
      listed("done", "completed"),
      listed("rolled", "rollback_completed"),
      listed("under-way", "updating"),
      listed("stuck", "rollback_paused"),
    ];
    const { services, updating } = await servicesOf(it);
    expect(services).toHaveLength(5);
    expect(updating).toEqual(["under-way (updating)", "stuck (rollback_paused)"]);
  });
});
