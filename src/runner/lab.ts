import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import type { ImageStore } from "../host/contents.ts";
import type { Host, HostKind } from "../host/host.ts";
import { LabHost } from "../host/lab.ts";
import { type MachineKeys, VmHost } from "../host/vm.ts";
import { type Certificates, createCertificates } from "../hub/certificates.ts";
import type { FrontSettings } from "../hub/front.ts";
import { Hub, type HubOptions } from "../hub/hub.ts";
import type { Account } from "../hub/token-endpoint.ts";
import type { FixtureImages } from "../lab/fixture-images.ts";
import { requireImage } from "../lab/image.ts";
import { labName } from "../lab/names.ts";
import { createLabNetwork } from "../lab/network.ts";
import { defaultLab, type LabImageSpec, labImage } from "../lab/rootfs.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import type { RestartManner } from "../model/plan.ts";
import { machineImage } from "../vm/spec.ts";
import { hubDispatcher } from "../witness/rate-limit.ts";
import type { Site } from "./lane.ts";

export interface LabOptions {
  kind: HostKind;
  /** Tells the labs of one run apart, and names the host in evidence. */
  name: string;
  run: string;
  outer: Docker;
  /** A folder of the run's own with a short path. */
  folder: string;
  imageStore: ImageStore;
  /** What the host's own image is made of; it decides the engine. */
  engine: LabImageSpec;
  hub: FrontSettings;
  /** The account of the hub that the host is logged in as. */
  account: Account;
  fixtures: FixtureImages;
  dataRootBytes: number | null;
  keep: readonly string[];
}

/** What it takes to take over a lab whose controller is gone. Secret. */
export interface LabKeys {
  certificates: Certificates;
  machine: MachineKeys;
}

/** A host under test and its hub, on a network of their own. */
export interface Lab extends Site, AsyncDisposable {
  /** ID of the container that is the host, or carries it, on the outer engine. */
  container: string;
  hub: Hub;
  /** Null for a lab host, which is not taken over by anybody. */
  keys: LabKeys | null;
}

/** Interface through which a lab's host reaches its hub. */
const labInterface = "eth0";

/** Starts a lab whose host is logged in to docker.io. What it makes is removed with the rest of the run. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { name, run, outer, account, imageStore, keep, dataRootBytes } = options;
  const image = await requireImage(outer, labImage(defaultLab));
  const { lab, hubFolder, hostFolder } = placesOf(options);
  await Promise.all([hubFolder, hostFolder].map((folder) => mkdir(folder, { recursive: true })));
  const certificates = await createCertificates();
  await createLabNetwork(outer, run, lab);
  const place = { run, lab, outer, image };
  const hub = await Hub.start(hubOptions(options, image, certificates));
  try {
    const ordinary = { ...place, name, folder: hostFolder, imageStore, ca: certificates.ca, keep };
    const host =
      options.kind === "vm"
        ? await VmHost.start({ ...ordinary, image: await requireImage(outer, labImage(machineImage)) })
        : await LabHost.start({
            ...ordinary,
            image: await requireImage(outer, labImage(options.engine)),
            dataRootBytes,
          });
    await logIn(host, account);
    return await labOf(host, hub, certificates, account);
  } catch (thrown) {
    await hub[Symbol.asyncDispose]();
    throw thrown;
  }
}

/** A lab with a machine, taken over while that restarts. */
export interface AttachedLab {
  lab: Lab;
  machine: VmHost;
}

/**
 * Takes over a lab whose controller is gone; its machine can be reached then, and its engine may not be up yet. Throws a
 * Failure when there is nothing to take over, or the machine does not answer.
 */
export async function attachLab(
  options: LabOptions,
  { certificates, machine: keys }: LabKeys,
  manner: RestartManner,
): Promise<AttachedLab> {
  const { name, outer } = options;
  const image = await requireImage(outer, labImage(defaultLab));
  const { lab, hostFolder } = placesOf(options);
  let hub: Hub | undefined;
  try {
    hub = await Hub.attach(hubOptions(options, image, certificates));
    const machine = await VmHost.attach({ name, lab, outer, folder: hostFolder }, keys, manner);
    return { lab: await labOf(machine, hub, certificates, options.account), machine };
  } catch (thrown) {
    await hub?.[Symbol.asyncDispose]();
    if (thrown instanceof Failure) throw thrown;
    throw new Failure(ExitCode.unavailable, {
      what: "what was left of the run cannot be taken over",
      seen: messageOf(thrown),
      next: "remove it: ./setup --down; then make a new run: npm run verify",
      cause: thrown,
    });
  }
}

/** What a lab is called on the outer engine, and the folders that its containers share with the controller. */
function placesOf({ run, name, folder }: LabOptions) {
  return {
    lab: labName(run, name),
    hubFolder: join(folder, name, "hub"),
    hostFolder: join(folder, name, "host"),
  };
}

function hubOptions(options: LabOptions, image: string, certificates: Certificates): HubOptions {
  const { run, outer, hub: settings, fixtures } = options;
  const { lab, hubFolder: folder } = placesOf(options);
  return { run, lab, outer, image, folder, certificates, settings, fixtures };
}

async function labOf(
  host: LabHost | VmHost,
  hub: Hub,
  certificates: Certificates,
  account: Account,
): Promise<Lab> {
  const dispatcher = hubDispatcher(hub.frontSocket, certificates.ca);
  const machine = host instanceof VmHost ? host : null;
  return {
    host,
    container: host.container,
    hub,
    rateLimit: { dispatcher, account },
    interfaceName: labInterface,
    // The interface of a host that is the run's own is nobody else's.
    accountedUnits: [],
    accelerator: machine === null ? null : await machine.accelerator(),
    keys: machine === null ? null : { certificates, machine: machine.keys },
    async [Symbol.asyncDispose]() {
      await dispatcher.destroy();
      await machine?.close();
      await hub[Symbol.asyncDispose]();
    },
  };
}

/** What an operator does once on a server. The token travels in the environment, so no process list shows it. */
async function logIn(host: Host, account: Account): Promise<void> {
  const script = 'printf %s "$PAT" | docker login --username "$1" --password-stdin';
  const { exitCode, stderr } = await host.exec(["sh", "-c", script, "login", account.name], {
    PAT: account.pat,
  });
  if (exitCode === 0) return;
  throw new Failure(ExitCode.internal, {
    what: "the lab host could not log in to its hub",
    seen: stderr.replaceAll(account.pat, "[redacted]").trim(),
    next: "run the command again; if it stays, report this as a bug",
  });
}
