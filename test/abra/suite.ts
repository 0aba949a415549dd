import { describe, expect, it } from "vitest";
import { AbraDeployer } from "../../src/deploy/abra.ts";
import type { AbraBinary } from "../../src/deploy/abra-binary.ts";
import { type AbraEnd, callAbra } from "../../src/deploy/abra-call.ts";
import { probeAbra } from "../../src/deploy/abra-facts.ts";
import type { App, DeployRequest } from "../../src/deploy/deployer.ts";
import { folderOf } from "../../src/deploy/files.ts";
import { missingSecrets } from "../../src/deploy/secrets.ts";
import { leftOf, ofStack } from "../../src/deploy/stack-objects.ts";
import type { Host } from "../../src/host/host.ts";
import { doubleMark } from "../../src/model/contract-double.ts";
import { appMaker } from "./recipe.ts";

/** An abra, real or not, and the host that it deploys on. */
export interface AbraStage {
  host: Host;
  binary: AbraBinary;
}

interface SuiteOptions {
  /** Whether it is the contract double. */
  double: boolean;
  /** How long a stack may take that comes up, and how long one is waited for that does not, in seconds. */
  seconds: { up: number; never: number };
}

/**
 * What pullproof relies on of abra: the same for the contract double and for the real one. `open` gives the stage of a
 * test; the images of the recipe must be at its registry.
 */
export function abraSuite(open: () => Promise<AbraStage>, { double, seconds }: SuiteOptions): void {
  const appOf = appMaker();

  const request = (app: App, timeoutSeconds = seconds.up): DeployRequest => ({
    app,
    images: {},
    registryAuth: true,
    timeoutSeconds,
  });

  /** Calls it as the deployer does, with other words. */
  async function abra({ host, binary }: AbraStage, app: App, ...words: string[]): Promise<AbraEnd> {
    return callAbra(host, await binary.on(host), words, {
      abraDir: folderOf(host, app),
      seconds: seconds.up,
    });
  }

  describe("what it tells about itself", () => {
    it("has a version, and a double says that it is one", async () => {
      const { host, binary } = await open();
      const version = await new AbraDeployer(binary).version(host);
      expect(version).toMatch(/^\d+\.\d+\.\d+/);
      expect(version.includes(doubleMark)).toBe(double);
    });

    it("has every flag that was seen in use", async () => {
      const { host, binary } = await open();
      const facts = await probeAbra(host, await binary.on(host));
      expect(facts.problems).toEqual([]);
      expect(facts.confirmed).toEqual(expect.arrayContaining(["app deploy -C", "app secret generate -a"]));
    });
  });

  it("deploys, removes all but the images, and deploys again", async () => {
    const { host, binary } = await open();
    const deployer = new AbraDeployer(binary);
    const app = appOf("comes-and-goes");
    for (const time of ["first", "again"]) {
      const deployed = await deployer.deploy(host, request(app));
      expect(deployed, time).toMatchObject({ status: "ok", message: null });
      expect(deployed.services, time).toEqual([
        expect.objectContaining({ name: `${app.stack}_app`, running: true }),
      ]);
      expect(await missingSecrets(host.docker, app), time).toEqual([]);

      expect(await deployer.teardown(host, app), time).toMatchObject({ status: "ok" });
      expect(await leftOf(host.docker, app.stack), time).toEqual([]);
      const { Volumes } = await host.docker.listVolumes({ filters: ofStack(app.stack) });
      expect(Volumes, time).toEqual([]);
      expect(await missingSecrets(host.docker, app), time).toEqual(app.recipe.secrets);
    }
  });

  it("can be torn down when nothing of it is there", async () => {
    const { host, binary } = await open();
    expect(await new AbraDeployer(binary).teardown(host, appOf("never-was"))).toMatchObject({ status: "ok" });
  });

  it("names an app that it does not know as the error", async () => {
    const stage = await open();
    const end = await abra(stage, appOf("nobody"), "app", "undeploy", "nobody.example.org", "-n");
    expect(end).toMatchObject({ ended: "itself", failure: expect.stringContaining("FATA") });
  });

  it("refuses a recipe with changes, unless it is told to take it as it is", async () => {
    const stage = await open();
    const { host, binary } = stage;
    const deployer = new AbraDeployer(binary);
    const app = appOf("changed");
    await deployer.deploy(host, request(app));
    await deployer.teardown(host, app);
    const checkout = `${folderOf(host, app)}/recipes/${app.recipe.name}`;
    await host.exec(["touch", `${checkout}/untracked`]);
    const end = await abra(stage, app, "app", "deploy", app.domain, "-n", "-o", "-D");
    expect(end).toMatchObject({ ended: "itself", failure: expect.stringContaining("FATA") });
    expect(await leftOf(host.docker, app.stack)).toEqual([]);
  });

  it("says that time was up, and which service was not; what was applied stays until the teardown", async () => {
    const { host, binary } = await open();
    const deployer = new AbraDeployer(binary);
    const app = appOf("unhealthy", "unhealthy");
    const deployed = await deployer.deploy(host, request(app, seconds.never));
    expect(deployed).toMatchObject({ status: "fail", message: expect.stringContaining("deploy timed out") });
    expect(deployed.message).toContain(`${app.stack}_app (`);
    expect(deployed.services).toEqual([expect.objectContaining({ running: false })]);
    expect(await leftOf(host.docker, app.stack)).not.toEqual([]);
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "ok" });
  });

  it("does not take for deployed what swarm took back", async () => {
    const { host, binary } = await open();
    const deployer = new AbraDeployer(binary);
    expect(await deployer.deploy(host, request(appOf("taken-back")))).toMatchObject({ status: "ok" });
    const broken = appOf("taken-back", "broken");
    const deployed = await deployer.deploy(host, request(broken));
    expect(deployed).toMatchObject({
      status: "fail",
      message: expect.stringContaining("rollback_completed"),
    });
    expect(await deployer.teardown(host, broken)).toMatchObject({ status: "ok" });
  });
}
