import { readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { App, Deployer, DeployRequest, Outcome } from "../../../src/deploy/deployer.ts";
import { plainOutcome } from "../../../src/deploy/deployer.ts";
import type { Fault } from "../../../src/hub/faults.ts";
import type { Hub } from "../../../src/hub/hub.ts";
import type { Body } from "../../../src/model/evidence.ts";
import { type ImageVariant, type RestartManner, restartManners, type Step } from "../../../src/model/plan.ts";
import { fillUp } from "../../../src/runner/pressure.ts";
import { carryOut, type StepContext } from "../../../src/runner/steps.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";

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
      { digest: "sha256:base", bytes: 100 },
      { digest: "sha256:own", bytes: 7 },
    ],
  },
];

interface Stage {
  engine: EngineDouble;
  host: HostDouble;
  deployer: DeployerDouble;
  faults: (readonly Fault[])[];
  pushed: ImageVariant[];
  witnessed: Body<"activity">[];
  app: App;
  carry: (step: Step) => Promise<Outcome>;
}

async function stage(dataRoot = "/var/lib/docker"): Promise<Stage> {
  const engine = await EngineDouble.listen();
  const host = new HostDouble(engine.docker);
  const deployer = new DeployerDouble();
  const faults: (readonly Fault[])[] = [];
  const pushed: ImageVariant[] = [];
  const witnessed: Body<"activity">[] = [];
  const app = exampleApp();
  const hub = { front: { setFaults: (some: readonly Fault[]) => void faults.push(some) } } as unknown as Hub;
  const context: StepContext = {
    host,
    hub,
    deployer,
    app,
    interfaceName: "eth0",
    dataRoot,
    bytesPerSecond: 1_000_000,
    publish: async (image) => void pushed.push(image),
    published,
    witnessed: (activity) => void witnessed.push(activity),
  };
  const carry = (step: Step) => carryOut(context, step);
  return { engine, host, deployer, faults, pushed, witnessed, app, carry };
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
  const prune = (command: string): Step => ({
    id: "prune",
    do: "prune",
    policy: { name: "p", title: "p", command },
    during: null,
    pulls: null,
  });

  it("runs the command on the host, as a shell would, and keeps what it printed", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ stdout: "Total reclaimed space: 0B\n", stderr: "warning\n" }));
    const command = "docker image prune -f && echo 'done'";
    expect(await carry(prune(command))).toMatchObject({
      status: "ok",
      message: null,
      output: "Total reclaimed space: 0B\nwarning",
      exitCode: 0,
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
      exitCode: 127,
    });
  });

  it("keeps the end of a long output", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ stdout: Array.from({ length: 500 }, (_, n) => `line ${n}\n`).join("") }));
    const lines = (await carry(prune("x y"))).output?.split("\n") ?? [];
    expect(lines.at(-1)).toBe("line 499");
    expect(lines.length).toBeLessThan(50);
  });

  it("tells in one line how a command ended that said much", async () => {
    const { host, carry } = await stage();
    host.answer(() => ({ exitCode: 1, stdout: `\nprotected images alone${"!".repeat(1000)}\nmore\n` }));
    const { message } = await carry(prune("x y"));
    expect(message).toMatch(/^ended with code 1: protected images alone!+$/);
    expect(message?.length).toBeLessThan(400);
  });

  it("at rest makes no activity", async () => {
    const { host, witnessed, carry } = await stage();
    await carry(prune("x y"));
    expect(host.executed).toHaveLength(1);
    expect(witnessed).toEqual([]);
  });

  it("tells what went on meanwhile, and ends as its own command did", async () => {
    const { host, witnessed, carry } = await stage();
    let runs = 0;
    host.answer(() => {
      runs += 1;
      return { exitCode: runs === 1 ? 0 : 75, stderr: "a run is in progress\n" };
    });
    const outcome = await carry({ ...prune("x y"), during: "second-prune" } as Step);
    expect(outcome).toMatchObject({
      status: "fail",
      message: "ended with code 75: a run is in progress",
      exitCode: 75,
    });
    expect(witnessed).toEqual([
      { name: "second-prune", before: true, after: false, detail: expect.stringContaining("code 0") },
    ]);
    expect(host.executed.map(({ command }) => command)).toEqual([
      ["sh", "-c", "x y"],
      ["sh", "-c", "x y"],
    ]);
  });

  it("tells of no activity that could not be had", async () => {
    const { host, witnessed, carry } = await stage();
    host.answer(() => ({ exitCode: 69, stderr: "no engine\n" }));
    await expect(carry({ ...prune("x y"), during: "lock" } as Step)).rejects.toThrow(/69.*no engine/);
    expect(witnessed).toEqual([]);
    expect(host.executed.map(({ command }) => command)).not.toContainEqual(["sh", "-c", "x y"]);
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

describe("a restart step", () => {
  const restart = (manner: RestartManner = "reboot"): Step => ({ id: "r", do: "restart", manner });
  const reference = "pullproof/web:1.0.0@sha256:web-a";

  /** The app as its engine shows it: a service, its task, and the task's container, where that is up. */
  function run({ engine, app }: Stage, up: boolean): void {
    const labels = stackLabel(app.stack);
    engine.services = [
      {
        ID: "id-app",
        Spec: {
          Name: `${app.stack}_app`,
          Labels: labels,
          Mode: { Replicated: { Replicas: 1 } },
          TaskTemplate: { ContainerSpec: { Image: reference } },
        },
      },
    ];
    engine.tasks = [
      {
        Labels: labels,
        ServiceID: "id-app",
        DesiredState: "running",
        Status: { State: "running", ContainerStatus: { ContainerID: "c-app" } },
        Spec: { ContainerSpec: { Image: reference } },
      },
    ];
    engine.containers = up ? [{ Id: "c-app", Labels: labels }] : [];
    engine.inspected = { "c-app": { Image: "sha256:id-web" } };
  }

  it.each(restartManners)("starts the host anew in the manner that is asked for: %s", async (manner) => {
    const { host, engine, carry } = await stage();
    expect(await carry(restart(manner))).toEqual(plainOutcome("ok"));
    expect(host.done).toEqual([manner]);
    // Nothing ran, so there is nothing to wait for.
    expect(engine.requests).toEqual(["GET /services"]);
  });

  it("waits for an app that ran, and tells what its services came back with", async () => {
    const at = await stage();
    run(at, true);
    let looks = 0;
    at.host.comesBack(() => {
      run(at, false);
      return {};
    });
    // The swarm remembers the task as running, whose container comes with the third look.
    at.engine.on("GET /containers/json", () => {
      looks += 1;
      if (looks === 3) run(at, true);
      return { body: at.engine.containers };
    });
    expect(await at.carry(restart())).toEqual({
      ...plainOutcome("ok"),
      services: [{ name: `${at.app.stack}_app`, image: reference, imageId: "sha256:id-web", running: true }],
    });
    expect(looks).toBeGreaterThanOrEqual(3);
    expect(at.host.done).toEqual(["reboot"]);
  });

  it("fails when the app does not come back, and tells what is there of it", async () => {
    const at = await stage();
    run(at, true);
    at.host.comesBack(() => {
      run(at, false);
      const [task] = at.engine.tasks as { Status: object }[];
      const rejected = { ...task, Status: { State: "rejected", Err: "No such image" } };
      at.engine.tasks = [rejected, rejected, rejected];
      return {};
    });
    expect(await at.carry(restart())).toMatchObject({
      status: "fail",
      message: expect.stringContaining("No such image"),
      services: [{ name: `${at.app.stack}_app`, running: false, imageId: null }],
    });
  });

  it("looks for the app before the host goes down, and for no other", async () => {
    const at = await stage();
    run({ ...at, app: { ...at.app, stack: "another" } }, true);
    expect(await at.carry(restart())).toEqual(plainOutcome("ok"));
    at.host.comesBack(() => {
      run(at, true);
      return {};
    });
    expect((await at.carry(restart())).services).toEqual([]);
  });

  it.each([true, false])(
    "fails when the file system is damaged, whether or not an app ran (%s)",
    async (ran) => {
      const at = await stage();
      if (ran) run(at, true);
      const found = { problem: "the file system is damaged: e2fsck ended with code 4", output: "check: bad" };
      at.host.comesBack(() => found);
      expect(await at.carry(restart("power-cut"))).toEqual({
        ...plainOutcome("fail", found.problem),
        output: found.output,
      });
    },
  );

  it.each([true, false])(
    "keeps what a check of the file system said that found no damage (%s)",
    async (ran) => {
      const at = await stage();
      if (ran) run(at, true);
      at.host.comesBack(() => ({ output: "file system check: recovering journal" }));
      expect(await at.carry(restart("power-cut"))).toMatchObject({
        status: "ok",
        output: "file system check: recovering journal",
        services: ran ? [{ running: true }] : [],
      });
    },
  );

  it("does not pass over a host that does not come back", async () => {
    const { host, carry } = await stage();
    host.comesBack(() => {
      throw new Error("the virtual machine did not come up");
    });
    await expect(carry(restart())).rejects.toThrow("did not come up");
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

  it("pull a published image by its digest, which leaves no tag, or by its tag", async () => {
    const { host, carry } = await stage();
    const pull = { id: "p", do: "pull-variant", image: { ...web, variant: "b" } } as const;
    await carry({ ...pull, by: "digest" });
    await carry({ ...pull, by: "tag" });
    expect(host.executed.map(({ command }) => command.at(-1))).toEqual([
      "pullproof/web@sha256:web-b",
      "pullproof/web:1.0.0",
    ]);
    const unknown = { ...pull, image: { ...web, variant: "z" }, by: "digest" } as const;
    await expect(carry(unknown)).rejects.toThrow(/did not publish.*"z"/);
    host.answer(() => ({ exitCode: 1, stderr: "toomanyrequests" }));
    expect(await carry({ ...pull, by: "digest" })).toMatchObject({ status: "fail" });
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

  it("cut off, in each answer, the second half of the layer that the variant has to itself", async () => {
    const { faults, carry } = await stage();
    await carry({ id: "f", do: "fault", fault: "truncated-layer", image: { ...web, variant: "b" } });
    expect(faults).toEqual([
      [
        expect.objectContaining({
          kind: "truncate",
          on: "blob",
          repository: web.repository,
          reference: "sha256:own",
          bytes: 4,
        }),
      ],
    ]);
  });

  it("make the hub fail as a whole, whatever the repository, and answer as it should again", async () => {
    const { faults, carry } = await stage();
    await carry({ id: "o", do: "outage", outage: "down" });
    await carry({ id: "o", do: "outage", outage: "rate-limited" });
    await carry({ id: "o", do: "outage", outage: "spent-budget" });
    await carry({ id: "l", do: "lift-faults" });
    expect(faults).toEqual([
      [{ id: "down", kind: "down" }],
      [{ id: "rate-limited", kind: "status", on: "manifest", status: 429 }],
      [{ id: "spent-budget", kind: "toomanyrequests" }],
      [],
    ]);
  });

  it("break nothing that was not published", async () => {
    const { faults, carry } = await stage();
    const fault: Step = { id: "f", do: "fault", fault: "broken-layer", image: { ...web, tag: "2" } };
    await expect(carry(fault)).rejects.toThrow("did not publish");
    expect(faults).toEqual([]);
  });
});

describe("steps that are scripts", () => {
  /**
   * Runs what the host is asked for by a real shell that finds a few harmless tools, and doubles of others which note
   * their words: whatever else a script may call, it is not there. The engine behind `docker` has two images, each of
   * which it lists twice; `base` cannot go before `child`.
   */
  async function shell() {
    const folder = writeTree(tempFolder(), { images: "child\nbase\nchild\nbase\n" });
    const log = join(folder, "log");
    for (const tool of ["rm", "pullproof"])
      writeScript(join(folder, "bin", tool), `echo "${tool} $*" >> ${log}`);
    for (const tool of ["sh", "cat", "sort", "xargs", "grep"])
      symlinkSync(`/usr/bin/${tool}`, join(folder, "bin", tool));
    writeScript(
      join(folder, "bin/ctr"),
      `case "$*" in *" list "*) echo lease-1; echo lease-2 ;; *) echo "ctr $*" >> ${log} ;; esac`,
    );
    writeScript(
      join(folder, "bin/docker"),
      `cd ${folder}
      echo "docker $*\${DOCKER_BUILDKIT:+ (BuildKit $DOCKER_BUILDKIT)}" >> log
      case "$1" in
        build) cat >> log ;;
        ps) echo one-off ;;
        images) cat images ;;
        rmi)
          if grep -q child images; then left=base status=1; else left= status=0; fi
          echo "$left" > images
          exit $status ;;
        create) test "$2" != pullproof/web@sha256:web-a || { echo "no such image" >&2; exit 1; } ;;
      esac`,
    );
    const { host, carry } = await stage();
    host.answer(({ command }) => runHere(command, { PATH: `${folder}/bin` }));
    const ran = () => readFileSync(log, "utf8").trimEnd().split("\n");
    return { folder, ran, carry };
  }

  it("put the store into memory, which stays so after a boot, and leave the swarm where it is", async () => {
    const { host, carry } = await stage();
    expect(await carry({ id: "v", do: "volatile-store" })).toEqual(plainOutcome("ok"));
    const [shell, flags, script = ""] = host.executed[0]?.command ?? [];
    expect([shell, flags]).toEqual(["sh", "-euc"]);
    const at = (part: RegExp) => script.search(part);
    const order = [
      /stop .*docker/,
      /docker\/swarm/,
      /tmpfs \/var\/lib\/docker tmpfs/,
      /mount --all/,
      /start docker/,
    ].map(at);
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(order).not.toContain(-1);
    host.answer(() => ({ exitCode: 32, stderr: "mount: no such device\n" }));
    expect(await carry({ id: "v", do: "volatile-store" })).toEqual(
      plainOutcome("fail", "mount: no such device"),
    );
  });

  it("build an image of its own bytes on the base image, and give it no name", async () => {
    const { ran, carry } = await shell();
    expect(await carry({ id: "b", do: "build" })).toEqual(plainOutcome("ok"));
    const [build, from, run] = ran();
    // BuildKit would keep the left-over in a cache of its own, and not among the images.
    expect(build).toMatch(/^docker build .*-.* \(BuildKit 0\)$/);
    expect(build).not.toMatch(/ (-t|--tag)/);
    expect(from).toBe("FROM pullproof/base:1.0.0");
    expect(run).toMatch(/^RUN .*urandom/);
  });

  it("make a container of an image by its digest, start nothing, and tell when that failed", async () => {
    const { ran, carry } = await shell();
    const create = { id: "c", do: "create-container", image: { ...web, variant: "b" } } as const;
    expect(await carry(create)).toEqual(plainOutcome("ok"));
    expect(ran()).toEqual(["docker create pullproof/web@sha256:web-b"]);
    expect(await carry({ ...create, image: web })).toEqual(plainOutcome("fail", "no such image"));
  });

  it("reset a host: containers, images until none is left, all that is kept besides, the record of use", async () => {
    const { folder, ran, carry } = await shell();
    expect(await carry({ id: "r", do: "reset" })).toEqual(plainOutcome("ok"));
    const changes = ran().filter((line) => !/^docker (ps|images)/.test(line));
    expect(changes).toEqual([
      "docker rm --force one-off",
      "docker rmi --force base child",
      "docker rmi --force base",
      "docker builder prune --all --force",
      expect.stringMatching(/^ctr .*--namespace moby leases delete --sync lease-1$/),
      expect.stringMatching(/lease-2$/),
      expect.stringMatching(/^rm -r?f \/var\/lib\/pullproof\/state\.json/),
      "pullproof watch --once",
    ]);
    expect(readFileSync(join(folder, "images"), "utf8").trim()).toBe("");
  });

  it("reset nothing further when an image cannot be removed", async () => {
    const { folder, ran, carry } = await shell();
    writeScript(
      join(folder, "bin/docker"),
      `echo "docker $*" >> ${folder}/log
      case "$1" in images) echo stubborn ;; rmi) echo "in use" >&2; exit 1 ;; esac`,
    );
    expect(await carry({ id: "r", do: "reset" })).toEqual(plainOutcome("fail", "in use"));
    expect(ran().filter((line) => !line.startsWith("docker"))).toEqual([]);
  });

  it("fill the data root by what the kernel says of it, with ballast that is gone on demand", async () => {
    const root = tempFolder();
    const { host, carry } = await stage(root);
    // 1000 blocks of 4096 bytes, 250 of them free to all.
    const looked = "0c1d2e3f-0000-4000-8000-0123456789ab\n1.0\n1\n4096 1000 250 250 10 10\n";
    host.answer(({ command }) => (command.includes("look") ? { stdout: looked } : runHere(command)));
    const filled = await carry({ id: "f", do: "fill", share: 0.8 });
    expect(filled).toEqual(plainOutcome("ok"));
    // Only a prune command's code is of any interest.
    expect(filled).not.toHaveProperty("exitCode");
    const files = () => readdirSync(root).map((name) => statSync(join(root, name)).size);
    expect(files()).toEqual([50 * 4096]);
    // What is in use beside the ballast counts, and the ballast of last time does not.
    await carry({ id: "f", do: "fill", share: 0.76 });
    expect(files()).toEqual([10 * 4096]);
    await carry({ id: "f", do: "fill", share: 0.7 });
    expect(files()).toEqual([]);
    await carry({ id: "f", do: "fill", share: 0.8 });
    await carry({ id: "f", do: "fill", share: 0 });
    expect(files()).toEqual([]);
  });

  it("fill the data root to its last byte, with ballast that is gone on demand", async () => {
    const root = tempFolder();
    const { host, carry } = await stage(root);
    host.answer(({ command }) => runHere(command, { PATH: `${join(root, "bin")}:/usr/bin:/bin` }));
    // In place of a file system that is full after a few bytes.
    writeScript(join(root, "bin/cat"), 'test "$1" = /dev/zero && printf 0000 && exit 1');
    writeScript(join(root, "bin/stat"), "echo ext2/ext3");
    await expect(fillUp(host, root)).rejects.toThrow("no small file system of its own");
    expect(readdirSync(root)).toEqual(["bin"]);
    writeScript(join(root, "bin/stat"), "echo tmpfs");
    await fillUp(host, root);
    expect(statSync(join(root, "pullproof-ballast")).size).toBe(4);
    await carry({ id: "f", do: "fill", share: 0 });
    expect(readdirSync(root)).toEqual(["bin"]);
    await expect(fillUp(host, join(root, "none"))).rejects.toThrow("could not be filled");
  });

  it("do not pass over a data root that cannot be filled", async () => {
    const { host, carry } = await stage("/no/such/folder");
    host.answer(() => ({ exitCode: 1, stderr: "fallocate: No space left on device\n" }));
    await expect(carry({ id: "f", do: "fill", share: 0.8 })).rejects.toThrow("No space left");
  });
});
