import { randomBytes } from "node:crypto";
import type { ImageStore } from "../../src/host/contents.ts";
import type { HostKind } from "../../src/host/host.ts";
import { FixtureImages } from "../../src/lab/fixture-images.ts";
import { openOuterEngine, pointTestcontainers } from "../../src/lab/outer-engine.ts";
import { defaultLab } from "../../src/lab/rootfs.ts";
import { type Lab, startLab } from "../../src/runner/lab.ts";
import { openRunScope } from "../../src/runner/run-scope.ts";

/** A lab of a test's own, with everything that it made on this machine. */
export interface TestLab extends AsyncDisposable {
  lab: Lab;
  account: { name: string; pat: string };
  /** What the lab's containers share with the controller lies in here. */
  folder: string;
}

/** Starts a lab with an unshaped hub and small layers. */
export async function startTestLab(imageStore: ImageStore, kind: HostKind = "lab"): Promise<TestLab> {
  const outer = await openOuterEngine();
  await pointTestcontainers();
  const run = `test-${randomBytes(4).toString("hex")}`;
  const scope = await openRunScope(run, false);
  const account = { name: "pullproof-test", pat: randomBytes(16).toString("hex") };
  const budget = { limit: 1000, windowSeconds: 3600 };
  const lab = await startLab({
    kind,
    name: "lab",
    run,
    outer,
    folder: scope.folder,
    imageStore,
    engine: defaultLab,
    hub: {
      accounts: [account],
      anonymous: "allowed",
      limits: { account: budget, anonymous: budget },
      bytesPerSecond: null,
    },
    account,
    dataRootBytes: null,
    keep: [],
    fixtures: await FixtureImages.open(outer, { seed: "test", layerBytes: 1_000_000 }),
  });
  return {
    lab,
    account,
    folder: scope.folder,
    async [Symbol.asyncDispose]() {
      await lab[Symbol.asyncDispose]();
      await scope[Symbol.asyncDispose]();
    },
  };
}
