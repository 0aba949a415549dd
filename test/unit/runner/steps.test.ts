import { describe, expect, it } from "vitest";
import type { App, Deployer, DeployRequest, Outcome } from "../../../src/deploy/deployer.ts";
import { plainOutcome } from "../../../src/deploy/deployer.ts";
import type { Fault } from "../../../src/hub/faults.ts";
import type { Hub } from "../../../src/hub/hub.ts";
import type { Body } from "../../../src/model/evidence.ts";
import type { ImageVariant, Step } from "../../../src/model/plan.ts";
import { carryOut, type StepContext } from "../../../src/runner/steps.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";

/** Stands in for a deployer: notes what it is asked for, and ends as told. */
class DeployerDouble implements Deployer {
  readonly name = "double";
  readonly choosesAuth = true;
  readonly requests: DeployRequest[] = [];
  readonly teardowns: App[] = [];
  outcome: Outcome = plainOutcome("ok");

  async version(): Promise<string> {
    return "1";
  }

  async deploy(_: unknown, request: DeployRequest): Promise<Outcome> {
    this.requests.push(request);
    return this.outcome;
  }

  async teardown(_: unknown, app: App): Promise<Outcome> {
    this.teardowns.push(app);
    return this.outcome;
  }
}

const web = { repository: "pullproof/web", tag: "1.0.0", variant: "a" };
const published: Body<"published">[] = [
  { ...web, digest: "sha256:web-a", config: "sha256:c", layers: [{ digest: "sha256:base", bytes: 1 }] },
  {
    ...web,
    variant: "b",
    digest: "sha256:web-b",
    config: "sha256:c",
    layers: [
      { digest: "sha256:base", bytes: 1 },
      { digest: "sha256:own", bytes: 1 },
    ],
  },
];

interface Stage {
  engine: EngineDouble;
  host: HostDouble;
  deployer: DeployerDouble;
  faults: (readonly Fault[])[];
  pushed: ImageVariant[];
  app: App;
  carry: (step: Step) => Promise<Outcome>;
}

async function stage(): Promise<Stage> {
  const engine = await EngineDouble.listen();
  const host = new HostDouble(engine.docker);
  const deployer = new DeployerDouble();
  const faults: (readonly Fault[])[] = [];
  const pushed: ImageVariant[] = [];
  const app = exampleApp();
  const hub = { front: { setFaults: (some: readonly Fault[]) => void faults.push(some) } } as unknown as Hub;
  const context: StepContext = {
    host,
    hub,
    deployer,
    app,
    interfaceName: "eth0",
    dataRoot: "/var/lib/docker",
    publish: async (image) => void pushed.push(image),
    published,
  };
  return { engine, host, deployer, faults, pushed, app, carry: (step) => carryOut(context, step) };
}

const deploy = (changes: Partial<Extract<Step, { do: "deploy" }>> = {}): Step => ({
  id: "deploy",
  do: "deploy",
  expect: "cached",
  registryAuth: true,
  prepull: false,
  images: {},
  timeoutSeconds: 60,
  sample: false,
  ...changes,
});

describe("a prune step", () => {
  const prune = (command: string | null): Step => ({
    id: "prune",
    do: "prune",
    policy: { name: "p", title: "p", command },
  });

  it("runs the command on the host, as a shell would, and keeps what it printed", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ stdout: "Total reclaimed space: 0B\n", stderr: "warning\n" }));
    const command = "docker image prune -f && echo 'done'";
    expect(await carry(prune(command))).toMatchObject({
      status: "ok",
      message: null,
      output: "Total reclaimed space: 0B\nwarning",
    });
    expect(host.executed.map(({ command }) => command)).toEqual([["sh", "-c", command]]);
  });

  it("fails with the command's code, and still keeps what it printed", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ exitCode: 127, stderr: "sh: docuum: not found\n" }));
    expect(await carry(prune("docuum --once"))).toMatchObject({
      status: "fail",
      message: expect.stringContaining("127"),
      output: "sh: docuum: not found",
    });
  });

  it("keeps the end of a long output", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ stdout: Array.from({ length: 500 }, (_, n) => `line ${n}\n`).join("") }));
    const lines = (await carry(prune("x y"))).output?.split("\n") ?? [];
    expect(lines.at(-1)).toBe("line 499");
    expect(lines.length).toBeLessThan(50);
  });

  const machine = (free: number) =>
    `0c1d2e3f-0000-4000-8000-0123456789ab\n1.0\n1\n4096 1000 ${free} ${free} 10 10\n`;

  it("with the reference policy only looks, below the mark", async () => {
    const { engine, host, carry } = await stage();
    host.answer(() => ({ stdout: machine(900) }));
    const outcome = await carry(prune(null));
    expect(outcome).toMatchObject({ status: "ok", message: null, output: expect.stringContaining("10 %") });
    expect(engine.requests).toEqual([]);
    expect(host.done.join("\n")).not.toContain("prune");
  });

  it("with the reference policy fails above the mark, says why, and removes nothing", async () => {
    const { engine, host, carry } = await stage();
    host.answer(() => ({ stdout: machine(100) }));
    const outcome = await carry(prune(null));
    expect(outcome).toMatchObject({ status: "fail", message: expect.stringContaining("90 %") });
    expect(outcome.output).toBe(outcome.message);
    expect(engine.requests).toEqual([]);
  });

  it("with the reference policy is not carried out where the disk cannot be looked at", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ exitCode: 1, stderr: "stat: no such file" }));
    await expect(carry(prune(null))).rejects.toThrow("stat: no such file");
  });
});

describe("a deploy step", () => {
  it("hands the step on, and the outcome back", async () => {
    const { app, deployer, carry } = await stage();
    deployer.outcome = { ...plainOutcome("fail", "no"), warnings: ["w"], output: "o" };
    expect(await carry(deploy({ registryAuth: false, timeoutSeconds: 20 }))).toEqual(deployer.outcome);
    expect(deployer.requests).toEqual([{ app, images: {}, registryAuth: false, timeoutSeconds: 20 }]);
  });

  it("replaces an image by its tag, or by the digest of its variant where it is pinned", async () => {
    const { deployer, carry } = await stage();
    await carry(deploy({ images: { app: { ...web, variant: "b", pin: false } } }));
    await carry(deploy({ images: { app: { ...web, pin: true } } }));
    await carry(deploy({ images: { app: { ...web, variant: "b", pin: true } } }));
    expect(deployer.requests.map(({ images }) => images.app)).toEqual([
      "pullproof/web:1.0.0",
      "pullproof/web:1.0.0@sha256:web-a",
      "pullproof/web:1.0.0@sha256:web-b",
    ]);
  });

  it("does not pin what was not published", async () => {
    const { carry } = await stage();
    await expect(carry(deploy({ images: { app: { ...web, variant: "z", pin: true } } }))).rejects.toThrow(
      /did not publish.*"z"/,
    );
  });

  it("pulls nothing itself unless told to", async () => {
    const { host, carry } = await stage();
    await carry(deploy());
    expect(host.done).toEqual([]);
  });

  it("pulls first, by tag, exactly what will be deployed", async () => {
    const { host, deployer, carry } = await stage();
    let asked = 0;
    host.answer(() => {
      asked = deployer.requests.length;
      return {};
    });
    await carry(deploy({ prepull: true, images: { app: { ...web, pin: true } } }));
    expect(host.executed.map(({ command }) => command.at(-1)).sort()).toEqual([
      "pullproof/store:1.0.0",
      "pullproof/web:1.0.0@sha256:web-a",
    ]);
    for (const { command } of host.executed) expect(command.slice(0, 2)).toEqual(["docker", "pull"]);
    expect([asked, deployer.requests.length]).toEqual([0, 1]);
  });

  it("deploys nothing when a pull fails", async () => {
    const { host, deployer, carry } = await stage();
    host.answer(() => ({ exitCode: 1, stderr: "manifest unknown\n" }));
    expect(await carry(deploy({ prepull: true }))).toMatchObject({
      status: "fail",
      message: expect.stringMatching(/pullproof\/web:1\.0\.0.*manifest unknown/),
    });
    expect(deployer.requests).toEqual([]);
  });
});

describe("a teardown step", () => {
  const removed = (engine: EngineDouble) => engine.requests.filter((request) => request.startsWith("DELETE"));

  const images = [
    { Id: "sha256:web", RepoTags: null, RepoDigests: ["pullproof/web@sha256:1"] },
    { Id: "sha256:store", RepoTags: ["docker.io/pullproof/store:1.0.0"], RepoDigests: [] },
    { Id: "sha256:base", RepoTags: ["pullproof/base:1.0.0"], RepoDigests: ["pullproof/base@sha256:2"] },
    { Id: "sha256:websites", RepoTags: ["pullproof/website:1.0.0"], RepoDigests: [] },
    { Id: "sha256:elsewhere", RepoTags: ["ghcr.io/pullproof/web:1.0.0"], RepoDigests: null },
    { Id: "sha256:dangling", RepoTags: null, RepoDigests: null },
  ];

  it("removes no image unless asked to", async () => {
    const { engine, app, deployer, carry } = await stage();
    engine.images = images;
    expect(await carry({ id: "t", do: "teardown", removeImages: false })).toEqual(plainOutcome("ok"));
    expect(deployer.teardowns).toEqual([app]);
    expect(engine.requests).toEqual([]);
  });

  it("removes on demand the images of the recipe's repositories, and no other", async () => {
    const { engine, carry } = await stage();
    engine.images = images;
    await carry({ id: "t", do: "teardown", removeImages: true });
    expect(removed(engine)).toEqual(["DELETE /images/sha256:web", "DELETE /images/sha256:store"]);
    expect(engine.images.map(({ Id }) => Id)).toEqual([
      "sha256:base",
      "sha256:websites",
      "sha256:elsewhere",
      "sha256:dangling",
    ]);
  });

  it("removes no image after a teardown that failed", async () => {
    const { engine, deployer, carry } = await stage();
    engine.images = images;
    deployer.outcome = plainOutcome("fail", "still there");
    expect(await carry({ id: "t", do: "teardown", removeImages: true })).toEqual(deployer.outcome);
    expect(removed(engine)).toEqual([]);
  });

  it("evicts the same images, without a teardown", async () => {
    const { engine, deployer, carry } = await stage();
    engine.images = images;
    expect(await carry({ id: "e", do: "evict" })).toMatchObject({ status: "ok" });
    expect(removed(engine)).toHaveLength(2);
    expect(deployer.teardowns).toEqual([]);
  });

  it("does not pass over an image that cannot be removed", async () => {
    const { engine, carry } = await stage();
    engine.images = images;
    engine.on("DELETE /images/*", () => ({ status: 409, body: { message: "image is being used" } }));
    await expect(carry({ id: "e", do: "evict" })).rejects.toThrow("image is being used");
  });
});

describe("the other steps", () => {
  it("pull an image as an operator does, and tell when that failed", async () => {
    const { host, carry } = await stage();
    const pull: Step = { id: "p", do: "pull", image: "pullproof/base:1.0.0" };
    expect(await carry(pull)).toEqual(plainOutcome("ok"));
    expect(host.executed[0]?.command).toEqual(
      expect.arrayContaining(["docker", "pull", "pullproof/base:1.0.0"]),
    );
    host.answer(() => ({ exitCode: 1, stderr: "toomanyrequests" }));
    expect(await carry(pull)).toMatchObject({
      status: "fail",
      message: expect.stringContaining("toomanyrequests"),
    });
  });

  it("restart the host", async () => {
    const { host, carry } = await stage();
    expect(await carry({ id: "r", do: "restart" })).toEqual(plainOutcome("ok"));
    expect(host.done).toEqual(["restart"]);
  });

  it("publish an image", async () => {
    const { pushed, carry } = await stage();
    await carry({ id: "p", do: "publish", image: { ...web, variant: "b" } });
    expect(pushed).toEqual([{ ...web, variant: "b" }]);
  });

  it("make a tag vanish, and that tag only", async () => {
    const { faults, carry } = await stage();
    await carry({ id: "f", do: "fault", fault: "vanished-tag", image: web });
    expect(faults).toEqual([
      [expect.objectContaining({ kind: "vanished", repository: web.repository, reference: web.tag })],
    ]);
  });

  it("break the layer that the variant has to itself: the others are cached and would not be asked for", async () => {
    const { faults, carry } = await stage();
    await carry({ id: "f", do: "fault", fault: "broken-layer", image: { ...web, variant: "b" } });
    expect(faults).toEqual([
      [
        expect.objectContaining({
          kind: "corrupt",
          on: "blob",
          repository: web.repository,
          reference: "sha256:own",
        }),
      ],
    ]);
  });

  it("break nothing that was not published", async () => {
    const { faults, carry } = await stage();
    const fault: Step = { id: "f", do: "fault", fault: "broken-layer", image: { ...web, tag: "2" } };
    await expect(carry(fault)).rejects.toThrow("did not publish");
    expect(faults).toEqual([]);
  });
});
