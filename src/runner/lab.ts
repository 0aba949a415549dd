import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import type { Host } from "../host/host.ts";
import { type ImageStore, LabHost } from "../host/lab.ts";
import { createCertificates } from "../hub/certificates.ts";
import type { FrontSettings } from "../hub/front.ts";
import { Hub } from "../hub/hub.ts";
import type { Account } from "../hub/token-endpoint.ts";
import type { FixtureImages } from "../lab/fixture-images.ts";
import { requireImage } from "../lab/image.ts";
import { createLabNetwork } from "../lab/network.ts";
import { defaultLab, type LabImageSpec, labImage } from "../lab/rootfs.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { hubDispatcher, type RateLimitOptions } from "../witness/rate-limit.ts";

export interface LabOptions {
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

/** A host under test and its hub, on a network of their own. */
export interface Lab extends AsyncDisposable {
  host: Host;
  /** ID of the container that is the host, on the outer engine. */
  container: string;
  hub: Hub;
  rateLimit: RateLimitOptions;
}

/** Interface through which a lab host reaches its hub. */
export const labInterface = "eth0";

/** Starts a lab whose host is logged in to docker.io. What it makes is removed with the rest of the run. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const { name, run, outer, account } = options;
  const image = await requireImage(outer, labImage(defaultLab));
  const lab = `pullproof-${run}-${name}`;
  const [hubFolder, hostFolder] = [join(options.folder, name, "hub"), join(options.folder, name, "host")];
  await Promise.all([hubFolder, hostFolder].map((folder) => mkdir(folder, { recursive: true })));
  const certificates = await createCertificates();
  await createLabNetwork(outer, run, lab);
  const place = { run, lab, outer, image };
  const hub = await Hub.start({
    ...place,
    folder: hubFolder,
    certificates,
    settings: options.hub,
    fixtures: options.fixtures,
  });
  try {
    const host = await LabHost.start({
      ...place,
      image: await requireImage(outer, labImage(options.engine)),
      name,
      folder: hostFolder,
      imageStore: options.imageStore,
      ca: certificates.ca,
      dataRootBytes: options.dataRootBytes,
      keep: options.keep,
    });
    await logIn(host, account);
    const dispatcher = hubDispatcher(hub.frontSocket, certificates.ca);
    return {
      host,
      container: host.container,
      hub,
      rateLimit: { dispatcher, account },
      async [Symbol.asyncDispose]() {
        await dispatcher.destroy();
        await hub[Symbol.asyncDispose]();
      },
    };
  } catch (thrown) {
    await hub[Symbol.asyncDispose]();
    throw thrown;
  }
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
