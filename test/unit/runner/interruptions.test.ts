import { describe, expect, it } from "vitest";
import type { Hub } from "../../../src/hub/hub.ts";
import { Ledger, type LedgerEntry } from "../../../src/hub/ledger.ts";
import type { Body } from "../../../src/model/evidence.ts";
import type { InterruptionName, InterruptStep } from "../../../src/model/plan.ts";
import { interrupt } from "../../../src/runner/interruptions.ts";
import type { StepContext } from "../../../src/runner/steps.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";

const plan = (by: InterruptionName): InterruptStep => ({
  id: "interrupt",
  do: "interrupt",
  by,
  pulls: { repository: "pullproof/web", tag: "2.0.0", variant: "b" },
});

const layer = { endpoint: "blob", method: "GET", media: "layer", bytes: 1000 } as LedgerEntry;
const whole = { ...layer, complete: true };
const text = (command: readonly string[]) => command.join(" ");
const wide = 7_000_000;

interface Pull {
  exitCode: number;
  stderr?: string;
}

/**
 * A host that pulls from a hub as a test says. Whatever strikes ends the pull with `struck`, or leaves it to end
 * with `later` when the line is as wide as before.
 */
async function pullingHost(struck: Pull | null, later: Pull = { exitCode: 0 }) {
  const engine = await EngineDouble.listen();
  const looks: string[] = ["ready"];
  engine.on("GET /nodes", () => {
    const state = looks.length > 1 ? looks.shift() : looks[0];
    return state === "refusing"
      ? { status: 503, body: { message: "the swarm does not have a leader" } }
      : { body: [{ ID: "n", Status: { State: state } }] };
  });
  const pulled = Promise.withResolvers<Pull>();
  const ledger = new Ledger();
  let underway: LedgerEntry[] = [];
  let looksAtHub = 0;
  const rates: (number | null)[] = [];
  const end = (how: Pull) => {
    underway = [];
    pulled.resolve(how);
  };
  const front = {
    ledger,
    underway() {
      looksAtHub += 1;
      if (looksAtHub === patience) end(broken);
      return underway;
    },
    setBandwidth(rate: number | null) {
      rates.push(rate);
      if (rates.length > 1) end(later);
    },
  };
  const host = new HostDouble(engine.docker);
  const strike = () => {
    if (struck !== null) end(struck);
  };
  host.answer(({ command }) => {
    if (text(command).startsWith("docker pull")) {
      underway = [layer];
      ledger.append(whole);
      return pulled.promise;
    }
    strike();
    return {};
  });
  const witnessed: Body<"activity">[] = [];
  const never = () => {
    throw new Error("an interruption needs no such thing");
  };
  const context: StepContext = {
    host,
    hub: { front } as unknown as Hub,
    deployer: { name: "double", choosesAuth: true, version: never, deploy: never, teardown: never },
    app: exampleApp(),
    interfaceName: "eth0",
    dataRoot: "/var/lib/docker",
    bytesPerSecond: wide,
    publish: never,
    published: [],
    witnessed: (activity) => void witnessed.push(activity),
  };
  /** The pull is this, and ends by itself after a few looks. */
  const only = (answered: LedgerEntry[], sending: LedgerEntry[]) =>
    host.answer(({ command }) => {
      if (!text(command).startsWith("docker pull")) throw new Error("it struck");
      for (const entry of answered) ledger.append(entry);
      underway = sending;
      patience = 5;
      return pulled.promise;
    });
  let patience = Number.POSITIVE_INFINITY;
  return { engine, host, ledger, looks, rates, witnessed, context, strike, only };
}

const broken = { exitCode: 1, stderr: "unexpected EOF\n" };

describe("an interruption", () => {
  it("strikes a pull that is on its way, tells how that ended, and leaves the line as wide as before", async () => {
    const { host, rates, witnessed, context } = await pullingHost(broken);
    expect(await interrupt(context, plan("engine-kill"))).toMatchObject({
      status: "ok",
      message: null,
      output: "the pull failed: unexpected EOF",
    });
    expect(text(host.executed[0]?.command ?? [])).toMatch(/^docker pull .*pullproof\/web:2\.0\.0$/);
    expect(witnessed).toEqual([
      { name: "pull", before: true, after: false, detail: "the pull failed: unexpected EOF" },
    ]);
    expect(rates[0]).toBeLessThan(wide);
    expect(rates.at(-1)).toBe(wide);
  });

  it.each<[string, LedgerEntry[], LedgerEntry[]]>([
    ["no layer has come whole", [{ ...layer, complete: false }], [layer]],
    ["only the config has", [{ ...whole, media: "config" }], [layer]],
    ["only a HEAD was answered", [{ ...whole, method: "HEAD" }], [layer]],
    ["nothing is on its way any more", [whole], []],
  ])("does not strike as long as %s", async (_, answered, sending) => {
    const { host, context, only } = await pullingHost(broken);
    only(answered, sending);
    await expect(interrupt(context, plan("engine-kill"))).rejects.toThrow("the pull ended before");
    expect(host.executed).toHaveLength(1);
  });

  it("tells by its code of a pull that ended without a word", async () => {
    const { witnessed, context } = await pullingHost({ exitCode: -1 });
    await interrupt(context, plan("engine-kill"));
    expect(witnessed).toMatchObject([{ detail: "the pull failed: it broke off with code -1" }]);
  });

  it("counts no layer that came before this pull", async () => {
    const { ledger, context, only } = await pullingHost(broken);
    ledger.append(whole);
    only([], [layer]);
    await expect(interrupt(context, plan("engine-kill"))).rejects.toThrow("the pull ended before");
  });

  it("that did not keep the pull from ending well leaves the outcome unknown", async () => {
    const { witnessed, context } = await pullingHost(null);
    expect(await interrupt(context, plan("engine-kill"))).toMatchObject({
      status: "info",
      message: expect.stringContaining("ending well"),
    });
    expect(witnessed).toMatchObject([{ before: true, after: true, detail: "the pull ended well" }]);
  });

  it("waits until the engine answers and its swarm takes tasks", async () => {
    const { looks, context } = await pullingHost(broken);
    looks.unshift("refusing", "down");
    await interrupt(context, plan("engine-kill"));
    expect(looks).toEqual(["ready"]);
  });

  it("waits for an engine that is not there at all for a while", async () => {
    const { engine, host, context } = await pullingHost(broken);
    const nodes = host.docker.listNodes.bind(host.docker);
    let refusals = 0;
    host.docker.listNodes = async () => {
      try {
        return await nodes();
      } catch (thrown) {
        refusals += 1;
        await engine.start();
        throw thrown;
      }
    };
    await engine.stop();
    expect(await interrupt(context, plan("engine-kill"))).toMatchObject({ status: "ok" });
    expect(refusals).toBe(1);
  });

  it("that could not be made is thrown, when the pull has come to its end and the line is wide again", async () => {
    const { host, rates, witnessed, context } = await pullingHost(null);
    const exec = host.exec.bind(host);
    host.exec = async (command, env) => {
      const result = await exec(command, env);
      return text(command).includes("dockerd")
        ? { ...result, exitCode: 1, stderr: "no such process" }
        : result;
    };
    await expect(interrupt(context, plan("engine-kill"))).rejects.toThrow("no such process");
    expect(rates.at(-1)).toBe(wide);
    expect(witnessed).toEqual([]);
  });
});

describe("what strikes", () => {
  it("is SIGKILL for the engine, and a wait until that one is gone", async () => {
    const { host, context } = await pullingHost(broken);
    await interrupt(context, plan("engine-kill"));
    const script = text(host.executed[1]?.command ?? []);
    expect(script).toMatch(/pgrep -x dockerd[\s\S]*kill -KILL[\s\S]*while kill -0/);
  });

  it("is a data root without a byte left", async () => {
    const { host, witnessed, context } = await pullingHost(null, {
      exitCode: 1,
      stderr: "no space left on device",
    });
    expect(await interrupt(context, plan("full-disk"))).toMatchObject({ status: "ok" });
    expect(text(host.executed[1]?.command ?? [])).toMatch(
      /\/dev\/zero[\s\S]* \/var\/lib\/docker\/pullproof-ballast$/,
    );
    expect(witnessed).toMatchObject([{ before: true, after: true }]);
  });

  it("is the power cut that the host's own kind knows", async () => {
    const { host, strike, context } = await pullingHost(broken);
    const restart = host.restart.bind(host);
    host.restart = async (manner) => {
      strike();
      return restart(manner);
    };
    expect(await interrupt(context, plan("power-cut"))).toMatchObject({ status: "ok" });
    expect(host.done).toContain("power-cut");
    expect(host.executed).toHaveLength(1);
  });

  it("is a failure of the host where it left damage that was not meant", async () => {
    const { host, strike, context } = await pullingHost(broken);
    host.restart = async () => {
      strike();
      return { problem: "the file system was damaged", output: null };
    };
    expect(await interrupt(context, plan("power-cut"))).toMatchObject({
      status: "fail",
      message: "the file system was damaged",
    });
  });
});
