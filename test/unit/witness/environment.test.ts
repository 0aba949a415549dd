import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineFacts, pullPath } from "../../../src/witness/environment.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

async function hostWith(info: Record<string, unknown>): Promise<HostDouble> {
  const engine = await EngineDouble.listen();
  engine.info = info;
  return new HostDouble(engine.docker).answer(({ command }) => ({
    stdout: command.join(" ").includes("PREFER_OFFLINE") ? "0\n" : "",
  }));
}

const plain = { RegistryConfig: { Mirrors: [], IndexConfigs: { "docker.io": { Mirrors: [] } } } };

describe("pullPath", () => {
  it("is bare where nothing stands between the engine and docker.io", async () => {
    expect(await pullPath(await hostWith(plain))).toEqual({
      mirrors: [],
      proxies: [],
      preferOffline: false,
      hostsFiles: [],
    });
  });

  it("finds mirrors wherever the engine lists them, and takes none of another registry's", async () => {
    const info = {
      RegistryConfig: {
        Mirrors: ["https://one/"],
        IndexConfigs: {
          "docker.io": { Mirrors: ["https://two/"] },
          "ghcr.io": { Mirrors: ["https://three/"] },
        },
      },
    };
    expect((await pullPath(await hostWith(info))).mirrors).toEqual(["https://one/", "https://two/"]);
  });

  it.each([
    ["nothing", {}, null],
    ["null for none", { RegistryConfig: { Mirrors: null, IndexConfigs: {} } }, []],
  ])("tells mirrors that are unknown from none: the engine says %s", async (_, info, expected) => {
    expect((await pullPath(await hostWith(info))).mirrors).toEqual(expected);
  });

  it.each([
    ["http://proxy:3128", "http://proxy:3128"],
    ["http://keeper:hunter2@proxy:3128", "http://…@proxy:3128"],
    ["https://keeper:hunter2@proxy/path", "https://…@proxy/path"],
    ["http://keeper:hun@ter2@proxy:3128", "http://…@proxy:3128"],
    ["http://keeper:hunter2/hunter2@proxy:3128", "http://…@proxy:3128"],
    ["keeper:hunter2@proxy:3128", "…@proxy:3128"],
    ["socks5://hunter2@proxy", "socks5://…@proxy"],
  ])("tells the proxy %s without its password", async (proxy, told) => {
    const info = { ...plain, HttpProxy: proxy, HttpsProxy: "" };
    const { proxies } = await pullPath(await hostWith(info));
    expect(proxies).toEqual([told]);
    expect(JSON.stringify(proxies)).not.toContain("ter2");
  });

  it("tells both proxies", async () => {
    const info = { ...plain, HttpProxy: "http://a", HttpsProxy: "http://b" };
    expect((await pullPath(await hostWith(info))).proxies).toEqual(["http://a", "http://b"]);
  });

  it("is unknown where the host cannot be looked at", async () => {
    const host = (await hostWith(plain)).answer(() => ({ exitCode: 1, stderr: "permission denied" }));
    expect(await pullPath(host)).toMatchObject({ preferOffline: null, hostsFiles: null });
  });

  it("tells files that redirect a registry, one by one", async () => {
    const files = ["/etc/docker/certs.d/docker.io/hosts.toml", "/etc/containerd/certs.d/_default/hosts.toml"];
    const host = (await hostWith(plain)).answer(({ command }) => ({
      stdout: command.join(" ").includes("hosts.toml") ? `${files.join("\n")}\n` : "0\n",
    }));
    expect((await pullPath(host)).hostsFiles).toEqual(files);
  });
});

describe("whether swarm skips pulls, asked of a real shell", () => {
  /** A host on which `pidof dockerd` finds a process with this environment, or says this. */
  async function preferOffline(pidof: string, environ?: string): Promise<boolean | null> {
    const root = tempFolder();
    writeScript(join(root, "bin/pidof"), pidof);
    if (environ !== undefined) writeTree(root, { "4711/environ": environ });
    const host = (await hostWith(plain)).answer(({ command }) =>
      runHere(
        command.map((word) => word.replaceAll("/proc/", `${root}/`)),
        { PATH: `${root}/bin:/usr/bin:/bin` },
      ),
    );
    return (await pullPath(host)).preferOffline;
  }

  it.each([
    ["PATH=/bin\0HOME=/root\0", false],
    ["", false],
    ["DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1\0PATH=/bin\0", true],
    ["PATH=/bin\0DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=true\0", true],
    ["DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=\0", false],
    ["OLD_DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=1\0", false],
  ])("with the environment %j: %s", async (environ, expected) => {
    expect(await preferOffline("echo 4711", environ)).toBe(expected);
  });

  it("is unknown without an engine's process", async () => {
    expect(await preferOffline("exit 1")).toBeNull();
  });

  it("is unknown when the process's environment cannot be read", async () => {
    expect(await preferOffline("echo 4711")).toBeNull();
  });
});

describe("engineFacts", () => {
  it.each([
    ["graphdriver", "overlay2", [["Backing Filesystem", "extfs"]]],
    ["containerd", "overlayfs", [["driver-type", "io.containerd.snapshotter.v1"]]],
  ])("tells the image store %s by the driver's status", async (imageStore, Driver, DriverStatus) => {
    const engine = await EngineDouble.listen();
    const told = { KernelVersion: "6.1.0", OperatingSystem: "Debian", NCPU: 2, MemTotal: 4 };
    engine.info = { ...told, Driver, DriverStatus, DockerRootDir: "/var/lib/docker" };
    engine.on("GET /version", () => ({ body: { Version: "26.1.5", ApiVersion: "1.45" } }));
    expect(await engineFacts(engine.docker)).toMatchObject({
      imageStore,
      storageDriver: Driver,
      version: "26.1.5",
      dataRoot: "/var/lib/docker",
    });
  });
});
