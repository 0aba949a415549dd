import { access } from "node:fs/promises";
import { join } from "node:path";
import type Docker from "dockerode";
import { execIn } from "../host/exec.ts";
import { containerName, LabContainer, type LabPlace } from "../lab/container.ts";
import type { FixtureImages } from "../lab/fixture-images.ts";
import type { Body } from "../model/evidence.ts";
import type { ImageVariant } from "../model/plan.ts";
import { until } from "../until.ts";
import { backdate } from "./backdate.ts";
import type { Certificates } from "./certificates.ts";
import { type Front, type FrontSettings, startFront } from "./front.ts";
import { HUB_NAMES } from "./names.ts";
import { push } from "./push.ts";
import { storedImage } from "./stored.ts";

export interface HubOptions extends LabPlace {
  certificates: Certificates;
  settings: FrontSettings;
  fixtures: FixtureImages;
}

/** What its container is in a lab. */
const role = "hub";

const frontSocketIn = (folder: string) => join(folder, "front.sock");
const registrySocketIn = (folder: string) => join(folder, "registry.sock");

const registryStartMs = 30_000;
const dayMs = 86_400_000;

/** The lab's stand-in for Docker Hub: a real registry in a container, behind a front in this process. */
export class Hub implements AsyncDisposable {
  readonly front: Front;
  /** The unix socket on which the front answers, for clients on the controller. */
  readonly frontSocket: string;
  readonly #options: HubOptions;
  readonly #registrySocket: string;
  readonly #container: Docker.Container;

  private constructor(options: HubOptions, front: Front, container: Docker.Container) {
    this.#options = options;
    this.#container = container;
    this.front = front;
    this.frontSocket = frontSocketIn(options.folder);
    this.#registrySocket = registrySocketIn(options.folder);
  }

  /** Starts front and registry; the network's DNS then answers Docker Hub's names with the hub. */
  static async start(options: HubOptions): Promise<Hub> {
    const front = await startHubFront(options);
    try {
      return new Hub(options, front, await startRegistry(options));
    } catch (thrown) {
      await front.close();
      throw thrown;
    }
  }

  /** Takes over the hub of a controller that is gone: its registry goes on, and the ledger where it ended. */
  static async attach(options: HubOptions): Promise<Hub> {
    const container = options.outer.getContainer(containerName(options.lab, role));
    await registryListens(container, options);
    return new Hub(options, await startHubFront(options), container);
  }

  /** Builds a variant of a fixture image and pushes it under its tag, which moves. `name` is its fixture folder. */
  async publish(name: string, image: ImageVariant): Promise<Body<"published">> {
    const { outer, fixtures } = this.#options;
    const built = await fixtures.build(name, image.variant);
    await push(outer, built, image.repository, image.tag, this.#registrySocket);
    if (image.builtDaysAgo !== undefined) {
      const created = new Date(Date.now() - image.builtDaysAgo * dayMs);
      await backdate(this.#registrySocket, image.repository, image.tag, created);
    }
    return storedImage(this.#registrySocket, image);
  }

  /** Version of the registry that stores the images. */
  async registryVersion(): Promise<string> {
    const { stdout } = await execIn(this.#container, ["docker-registry", "--version"]);
    return stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.front.close();
  }
}

function startHubFront({ folder, certificates, settings }: HubOptions): Promise<Front> {
  return startFront({
    socketPath: frontSocketIn(folder),
    upstreamSocketPath: registrySocketIn(folder),
    tls: certificates,
    settings,
    ledgerPath: join(folder, "ledger.jsonl"),
  });
}

/** Starts the registry's container. */
async function startRegistry(options: HubOptions): Promise<Docker.Container> {
  const started = await new LabContainer(options, {
    name: role,
    script: new URL("hub.sh", import.meta.url),
    aliases: [...HUB_NAMES],
    mounts: [],
  }).start();
  const container = options.outer.getContainer(started.getId());
  await registryListens(container, options);
  return container;
}

function registryListens(container: Docker.Container, { folder }: HubOptions): Promise<void> {
  return until("the hub's registry listens", registryStartMs, async () => {
    const { State } = await container.inspect();
    if (!State.Running) throw new Error(`the hub's container ended with code ${State.ExitCode}`);
    return access(registrySocketIn(folder)).then(
      () => true,
      () => "no socket",
    );
  });
}
