import type Docker from "dockerode";
import type { Host } from "../host/host.ts";
import type { Body } from "../model/evidence.ts";
import { addressWithoutPassword } from "../without-passwords.ts";

type Environment = Body<"environment">;

/** What the engine says of itself. */
export async function engineFacts(docker: Docker): Promise<Environment["engine"]> {
  const [info, version] = await Promise.all([docker.info(), docker.version()]);
  // The containerd image store names a snapshotter as driver and says so in the driver's status.
  const containerd = JSON.stringify(info.DriverStatus ?? []).includes("io.containerd.snapshotter");
  return {
    version: version.Version,
    apiVersion: version.ApiVersion,
    imageStore: containerd ? "containerd" : "graphdriver",
    storageDriver: info.Driver,
    dataRoot: info.DockerRootDir,
    kernel: info.KernelVersion,
    os: info.OperatingSystem,
    cpus: info.NCPU,
    memoryBytes: info.MemTotal,
  };
}

/** Nodes of the swarm that the host belongs to. */
export async function swarmNodes(docker: Docker): Promise<number> {
  return (await docker.info()).Swarm?.Nodes ?? 0;
}

/**
 * Whether swarm skips pulls. `DOCKER_SERVICE_PREFER_OFFLINE_IMAGE` in the engine's environment makes it do so
 * (moby, daemon/cluster/executor/container/adapter.go). Only this one variable is looked at.
 */
const preferOfflineScript = `
pid=$(pidof -s dockerd)
environ=$(tr '\\0' '\\n' < "/proc/$pid/environ")
printf '%s\\n' "$environ" | grep -c '^DOCKER_SERVICE_PREFER_OFFLINE_IMAGE=.' || true
`;

/** containerd's and the engine's own places for files that redirect docker.io, or every registry. */
const hostsFilesScript = `
for folder in /etc/containerd/certs.d /etc/docker/certs.d; do
  for registry in docker.io registry-1.docker.io index.docker.io _default; do
    if [ -e "$folder/$registry/hosts.toml" ]; then echo "$folder/$registry/hosts.toml"; fi
  done
done
`;

/** What could stand between the engine and docker.io. */
export async function pullPath(host: Host): Promise<Environment["pullPath"]> {
  const info = await host.docker.info();
  const registry = info.RegistryConfig as
    | { Mirrors?: string[] | null; IndexConfigs?: Record<string, { Mirrors?: string[] | null }> }
    | undefined;
  const [preferOffline, hostsFiles] = await Promise.all([
    host.exec(["sh", "-euc", preferOfflineScript]),
    host.exec(["sh", "-euc", hostsFilesScript]),
  ]);
  const proxies = [info.HttpProxy, info.HttpsProxy].filter(Boolean) as string[];
  return {
    mirrors:
      registry === undefined
        ? null
        : [...(registry.Mirrors ?? []), ...(registry.IndexConfigs?.["docker.io"]?.Mirrors ?? [])],
    proxies: proxies.map(addressWithoutPassword),
    preferOffline: preferOffline.exitCode === 0 ? preferOffline.stdout.trim() !== "0" : null,
    hostsFiles:
      hostsFiles.exitCode === 0 ? hostsFiles.stdout.split("\n").filter((line) => line !== "") : null,
  };
}
