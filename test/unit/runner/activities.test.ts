import { describe, expect, it } from "vitest";
import type { Hub } from "../../../src/hub/hub.ts";
import { Ledger, type LedgerEntry } from "../../../src/hub/ledger.ts";
import type { ActivityName, Step } from "../../../src/model/plan.ts";
import { during } from "../../../src/runner/activities.ts";
import type { StepContext } from "../../../src/runner/steps.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";

type Prune = Extract<Step, { do: "prune" }> & { during: ActivityName };

const plan = (name: ActivityName): Prune => ({
  id: "prune",
  do: "prune",
  policy: { name: "p", title: "p", command: "janitor --now" },
  during: name,
  pulls: name === "pull" ? { repository: "pullproof/web", tag: "2.0.0", variant: "b" } : null,
});

/** What activities act on, with doubles of all of it. */
function contextOf(host: HostDouble, more: Partial<StepContext> = {}): StepContext {
  const never = () => {
    throw new Error("an activity needs no such thing");
  };
  return {
    host,
    hub: {} as Hub,
    deployer: { name: "double", choosesAuth: true, version: never, deploy: never, teardown: never },
    app: exampleApp(),
    interfaceName: "eth0",
    dataRoot: "/var/lib/docker",
    bytesPerSecond: 7_000_000,
    publish: never,
    published: [],
    witnessed: never,
    ...more,
  };
}

const text = (command: readonly string[]) => command.join(" ");

describe("the host's lock", () => {
  /** A host on which a command under the lock runs until its gate is gone. */
  function lockedHost() {
    const gate = Promise.withResolvers<{ exitCode: number }>();
    let held = false;
    const host = new HostDouble().answer(({ command }) => {
      if (command[0] === "pullproof") {
        held = true;
        return gate.promise;
      }
      if (text(command).includes("flock")) return { exitCode: held ? 0 : 1 };
      if (command[0] === "rm") {
        held = false;
        gate.resolve({ exitCode: 0 });
      }
      return {};
    });
    const lose = () => {
      held = false;
    };
    return { host, lose, isHeld: () => held };
  }

  it("is held by a command of `pullproof run` while the work is done, and not after it", async () => {
    const { host, isHeld } = lockedHost();
    const { result, activity } = await during(contextOf(host), plan("lock"), async () => isHeld());
    expect(result).toBe(true);
    expect(isHeld()).toBe(false);
    expect(activity).toEqual({
      name: "lock",
      before: true,
      after: true,
      detail: "the command under the lock ended with code 0",
    });
    expect(host.executed[0]?.command.slice(0, 3)).toEqual(["pullproof", "run", "--"]);
  });

  it("is looked at as another harness would, by flock(1) on its file", async () => {
    const { host } = lockedHost();
    await during(contextOf(host), plan("lock"), async () => {});
    const looks = host.executed.filter(({ command }) => text(command).includes("flock"));
    expect(looks.length).toBeGreaterThanOrEqual(3);
    for (const { command } of looks) expect(text(command)).toMatch(/--nonblock .*run\.lock$/);
  });

  it("that got lost meanwhile is told", async () => {
    const { host, lose } = lockedHost();
    const { activity } = await during(contextOf(host), plan("lock"), async () => lose());
    expect(activity).toMatchObject({ before: true, after: false });
  });

  it("that cannot be had ends the step before the work begins", async () => {
    const host = new HostDouble().answer(({ command }) =>
      command[0] === "pullproof" ? { exitCode: 69, stderr: "no such folder\n" } : { exitCode: 1 },
    );
    let worked = false;
    const attempt = during(contextOf(host), plan("lock"), async () => {
      worked = true;
    });
    await expect(attempt).rejects.toThrow("pullproof run ended with code 69: no such folder");
    expect(worked).toBe(false);
  });

  it("is given back when the work fails", async () => {
    const { host, isHeld } = lockedHost();
    const work = during(contextOf(host), plan("lock"), async () => {
      throw new Error("the engine went away");
    });
    await expect(work).rejects.toThrow("the engine went away");
    expect(isHeld()).toBe(false);
  });
});

describe("a pull in flight", () => {
  const blob = { endpoint: "blob", bytes: 1000 } as LedgerEntry;

  /** A hub that sends a layer for as long as its line is slow, and a host that pulls it. */
  function pullingHost(ended: { exitCode: number; stderr?: string } = { exitCode: 0 }) {
    const pulled = Promise.withResolvers<{ exitCode: number }>();
    const rates: (number | null)[] = [];
    let underway: LedgerEntry[] = [];
    const end = () => {
      underway = [];
      pulled.resolve(ended);
    };
    const front = {
      ledger: new Ledger(),
      underway: () => underway,
      setBandwidth(rate: number | null) {
        rates.push(rate);
        // A line as wide as ever lets the pull come to its end.
        if (rates.length > 1) end();
      },
    };
    const host = new HostDouble().answer(({ command }) => {
      if (text(command).startsWith("docker pull")) underway = [blob];
      return pulled.promise;
    });
    const context = contextOf(host, { hub: { front } as unknown as Hub });
    const only = (entry: LedgerEntry) => {
      underway = [entry];
    };
    return { host, rates, context, end, only };
  }

  it("is slow while the work is done, and goes on at the lab's own rate after it", async () => {
    const { host, rates, context } = pullingHost();
    let at: number | null | undefined;
    const { activity } = await during(context, plan("pull"), async () => {
      at = rates.at(-1);
    });
    expect(host.executed.map(({ command }) => text(command))).toEqual([
      expect.stringMatching(/^docker pull .*pullproof\/web:2\.0\.0$/),
    ]);
    expect(at).toBeLessThan(1_000_000);
    expect(rates.at(-1)).toBe(7_000_000);
    expect(activity).toEqual({ name: "pull", before: true, after: true, detail: "the pull ended well" });
  });

  it("is one of which bytes of a layer are on their way, and nothing less", async () => {
    for (const entry of [
      { ...blob, endpoint: "manifest" },
      { ...blob, bytes: 0 },
    ] as LedgerEntry[]) {
      const { context, only } = pullingHost();
      const { activity } = await during(context, plan("pull"), async () => only(entry));
      expect(activity).toMatchObject({ before: true, after: false });
    }
  });

  it("that ended meanwhile, or failed, is told", async () => {
    const over = pullingHost();
    expect((await during(over.context, plan("pull"), async () => over.end())).activity).toMatchObject({
      before: true,
      after: false,
    });
    const broken = pullingHost({ exitCode: 1, stderr: "unexpected EOF\n" });
    const { activity } = await during(broken.context, plan("pull"), async () => {});
    expect(activity.detail).toBe("the pull failed: unexpected EOF");
  });

  it("that is over before it was seen ends the step, and the line is as wide as before", async () => {
    const { context, host, rates } = pullingHost();
    host.answer(() => ({ exitCode: 0 }));
    await expect(during(context, plan("pull"), async () => {})).rejects.toThrow("the pull ended before");
    expect(rates.at(-1)).toBe(7_000_000);
  });

  it("gets its line back when the work fails", async () => {
    const { context, rates } = pullingHost();
    const work = during(context, plan("pull"), async () => {
      throw new Error("the engine went away");
    });
    await expect(work).rejects.toThrow("the engine went away");
    expect(rates.at(-1)).toBe(7_000_000);
  });

  it("needs a plan that says which image", async () => {
    const { context, rates } = pullingHost();
    const nothing = { ...plan("pull"), pulls: null };
    await expect(during(context, nothing, async () => {})).rejects.toThrow("does not say which image");
    expect(rates).toEqual([]);
  });
});

describe("a service that converges", () => {
  /** A swarm of one node, whose tasks wait as long as it takes none. */
  async function convergingHost() {
    const engine = await EngineDouble.listen();
    const app = exampleApp();
    const labels = { "com.docker.stack.namespace": app.stack };
    const image = "pullproof/web:1.0.0";
    const spec = {
      Labels: labels,
      Mode: { Replicated: { Replicas: 1 } },
      TaskTemplate: { ContainerSpec: { Image: image } },
    };
    engine.services = [
      { ID: "s2", Spec: { ...spec, Name: `${app.stack}_store` } },
      { ID: "s1", Spec: { ...spec, Name: `${app.stack}_app` } },
    ] as typeof engine.services;
    engine.containers = ["c-s1", "c-s2"].map((Id) => ({ Id, Labels: labels }));
    let availability = "active";
    let state = "running";
    const asked: Record<string, string[]>[] = [];
    engine.on("GET /nodes", () => ({ body: [{ ID: "node-1" }] }));
    engine.on("GET /tasks", ({ filters }) => {
      asked.push(filters as Record<string, string[]>);
      const task = (service: string, now: string) => ({
        ID: `t-${service}`,
        ServiceID: service,
        DesiredState: "running",
        Status: { State: now, ContainerStatus: { ContainerID: `c-${service}` } },
        Spec: { ContainerSpec: { Image: image } },
      });
      return { body: [task("s1", state), ...("service" in filters ? [] : [task("s2", "running")])] };
    });
    const host = new HostDouble(engine.docker).answer(({ command }) => {
      const line = text(command);
      const [, to] = /node update --availability (\w+) node-1/.exec(line) ?? [];
      if (to !== undefined) {
        availability = to;
        if (to === "active") state = "running";
      }
      if (line.includes("service update") && availability === "pause") state = "pending";
      return {};
    });
    const starts = () => {
      state = "running";
    };
    return { engine, host, app, asked, starts, node: () => availability, context: contextOf(host, { app }) };
  }

  it("waits for a task while the work is done, and is up again after it", async () => {
    const { context, host, app, asked, node } = await convergingHost();
    let meanwhile = "";
    const { activity } = await during(context, plan("convergence"), async () => {
      meanwhile = node();
    });
    expect([meanwhile, node()]).toEqual(["pause", "active"]);
    expect(activity).toEqual({
      name: "convergence",
      before: true,
      after: true,
      detail: "the service came up again",
    });
    const update = host.executed.map(({ command }) => text(command)).find((line) => line.includes("service"));
    expect(update).toMatch(new RegExp(`^docker service update .*--force ${app.stack}_app$`));
    // Only of that service, and only tasks that are wanted: the old one is still listed.
    expect(asked[0]).toMatchObject({ service: [`${app.stack}_app`], "desired-state": ["running"] });
  });

  it("that came up meanwhile is told", async () => {
    const { context, starts } = await convergingHost();
    const { activity } = await during(context, plan("convergence"), async () => starts());
    expect(activity).toMatchObject({ before: true, after: false });
  });

  it("gets its node back when the work fails", async () => {
    const { context, node } = await convergingHost();
    const work = during(context, plan("convergence"), async () => {
      throw new Error("the engine went away");
    });
    await expect(work).rejects.toThrow("the engine went away");
    expect(node()).toBe("active");
  });

  it("needs an app that is deployed", async () => {
    const { engine, context, node } = await convergingHost();
    engine.services = [];
    await expect(during(context, plan("convergence"), async () => {})).rejects.toThrow("no app is deployed");
    expect(node()).toBe("active");
  });

  // No deploy would come up on this host any more.
  it("gets its node back when it cannot be made to converge", async () => {
    const { context, host, node } = await convergingHost();
    const paused = host.exec.bind(host);
    host.exec = async (command, env) => {
      const result = await paused(command, env);
      return text(command).includes("service update")
        ? { ...result, exitCode: 1, stderr: "no such service" }
        : result;
    };
    await expect(during(context, plan("convergence"), async () => {})).rejects.toThrow("no such service");
    expect(node()).toBe("active");
  });
});

describe("a second prune run", () => {
  it("is the same command, begun before the work, and is waited for", async () => {
    const other = Promise.withResolvers<{ exitCode: number }>();
    const host = new HostDouble().answer(() => other.promise);
    const { activity } = await during(contextOf(host), plan("second-prune"), async () => {
      expect(host.executed.map(({ command }) => command)).toEqual([["sh", "-c", "janitor --now"]]);
      // It ends while nobody looks: after the work, and before it is asked for.
      setImmediate(() => other.resolve({ exitCode: 75 }));
    });
    expect(activity).toEqual({
      name: "second-prune",
      before: true,
      after: true,
      detail: "the second prune run ended with code 75",
    });
  });

  it("that ended before the work is told, and so is one that could not be made", async () => {
    const quick = new HostDouble();
    expect((await during(contextOf(quick), plan("second-prune"), async () => {})).activity).toMatchObject({
      name: "second-prune",
      after: false,
    });
    const broken = new HostDouble().answer(async () => {
      throw new Error("the container is gone");
    });
    const { activity } = await during(contextOf(broken), plan("second-prune"), async () => {});
    expect(activity.detail).toBe("the second prune run failed: the container is gone");
  });
});
