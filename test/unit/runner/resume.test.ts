import { statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { plainOutcome } from "../../../src/deploy/deployer.ts";
import { Ledger, type LedgerEntry } from "../../../src/hub/ledger.ts";
import { waitingFile, waitingHost } from "../../../src/lab/waiting.ts";
import { type Body, type Entry, evidenceVersion } from "../../../src/model/evidence.ts";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import type { RestartManner, Scenario, Step } from "../../../src/model/plan.ts";
import { Journal, nowhere, type Place } from "../../../src/runner/journal.ts";
import type { Lab } from "../../../src/runner/lab.ts";
import { Lane } from "../../../src/runner/lane.ts";
import { openRestart, requireRebooted, requireUnfinished } from "../../../src/runner/open-restart.ts";
import {
  forgetResumeState,
  type ResumeState,
  readResumeState,
  writeResumeState,
} from "../../../src/runner/resume-state.ts";
import { hubDispatcher } from "../../../src/witness/rate-limit.ts";
import { exampleApp } from "../../support/app.ts";
import { HostDouble } from "../../support/host-double.ts";
import { policies } from "../../support/scenarios.ts";
import { environment } from "../../support/simulation.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const [bootBefore, bootAfter] = [
  "11111111-1111-1111-1111-111111111111",
  "22222222-2222-2222-2222-222222222222",
];
const reboot = (manner: RestartManner = "reboot"): Step => ({ id: "reboot", do: "restart", manner });
const evict: Step = { id: "evict", do: "evict" };
const lift: Step = { id: "lift", do: "lift-faults" };
const scenario = (id: string, ...steps: Step[]): Scenario => ({
  id,
  title: id,
  claims: ["PC2.3"],
  control: false,
  steps,
});

const stored: Body<"published"> = {
  repository: "pullproof/web",
  tag: "1.0.0",
  variant: "a",
  digest: "sha256:web",
  config: "sha256:config",
  layers: [],
};

const nobody: Body<"uses"> = { containers: [], services: [] };
const app = { name: "app", image: "pullproof/web:1.0.0", previousImage: null };

/** Writes what a controller had written when it was killed in a step. `host` is the double's own name. */
function killedIn(step: Step, services: Body<"uses">["services"] = [], host = "double"): Journal {
  const journal = new Journal(join(tempFolder(), "evidence.jsonl"), []);
  const at: Place = { host, scenario: null, step: null, boot: null };
  journal.append("run", "runner", nowhere, {
    evidenceVersion,
    id: "r",
    pullproof: "0.1.0",
    seed: "seed",
    account: "keeper",
    claims: ["PC2.3"],
    baseImages: [],
    recipe: { name: "courier", images: {} },
    policy: policies.reference,
    scenarios: [scenario("reboots", evict, step, lift)],
  });
  journal.append("environment", "host", at, environment);
  journal.append("published", "hub", at, stored);
  journal.append("request", "hub", at, request(1));
  journal.append("clock", "clock", at, { bootId: bootBefore, uptimeSeconds: 100 });
  journal.append("uses", "uses", at, { ...nobody, services });
  journal.append("invoke", "runner", { ...at, scenario: "reboots", step: step.id }, step);
  return journal;
}

function request(n: number): LedgerEntry {
  return {
    n,
    wall: "2026-01-02T03:04:05Z",
    start: 1,
    end: 2,
    account: "keeper",
    credentials: "bearer",
    endpoint: "manifest",
    method: "GET",
    repository: "pullproof/web",
    reference: "1.0.0",
    digest: null,
    status: 200,
    bytes: 1,
    media: "manifest",
    complete: true,
    counted: true,
    fault: null,
    userAgent: "docker",
  };
}

/** The lane of a second process, on a hub whose ledger has outlived the first. */
function secondLane(journal: Journal, ledger: Ledger, stack?: string) {
  const host = new HostDouble();
  const faults: unknown[] = [];
  const front = { ledger, idle: async () => {}, setFaults: (next: unknown) => faults.push(next) };
  const dispatcher = hubDispatcher(join(tempFolder(), "no-front.sock"), "");
  const lane = new Lane({
    site: {
      host,
      hub: { front } as unknown as Lab["hub"],
      interfaceName: "eth0",
      accountedUnits: [],
      rateLimit: { dispatcher, account: { name: "keeper", pat: "pat" } },
      accelerator: null,
    },
    deployer: {
      name: "stack",
      choosesAuth: true,
      version: async () => "1",
      deploy: async () => plainOutcome("ok"),
      teardown: async () => plainOutcome("ok"),
    },
    app: exampleApp(),
    journal,
    progress: { begin: () => () => {}, say: () => {} },
    setting: {
      deployer: environment.deployer,
      controller: environment.controller,
      hub: environment.hub,
      ...(stack === undefined ? {} : { stack }),
    },
    fixtures: {},
  });
  const go = async (left: Scenario[], problem: string | null = null) => {
    const states: (string | undefined)[] = [];
    const [earlier, from] = [[...journal.entries], journal.entries.length];
    const restarted = { problem, output: problem === null ? null : "e2fsck" };
    await lane.resume(
      { earlier, left, restarted },
      () => states.push(journal.entries.at(-1)?.kind),
      new AbortController().signal,
    );
    return { added: journal.entries.slice(from), states };
  };
  return { host, faults, go };
}

const of = <K extends Entry["kind"]>(entries: readonly Entry[], kind: K) =>
  entries.filter((entry): entry is Extract<Entry, { kind: K }> => entry.kind === kind);

describe("a lane that goes on", () => {
  const left = [scenario("reboots", reboot(), lift), scenario("next", lift)];

  it("gives the open step its outcome, which says so, and then runs what is left", async () => {
    const journal = killedIn(reboot());
    const { added, states } = await secondLane(journal, new Ledger())
      .go(left)
      .then(({ ...all }) => all);
    expect(of(added, "outcome").map(({ step, data }) => [step, data.status])).toEqual([
      ["reboot", "ok"],
      ["lift", "ok"],
      ["lift", "ok"],
    ]);
    const [resumed] = of(added, "outcome");
    expect(resumed?.data).toMatchObject({ message: null, output: expect.stringMatching(/^resumed: /) });
    expect(resumed).toMatchObject({ scenario: "reboots", boot: bootBefore, host: "double" });
    expect(of(added, "invoke").map(({ scenario: id, step }) => [id, step])).toEqual([
      ["reboots", "lift"],
      ["next", "lift"],
    ]);
    // Nobody may find a step resumable that has an outcome.
    expect(states).toHaveLength(1);
    expect(states).not.toContain("outcome");
  });

  it("takes the time of the step from the wall clock, for its begin is another process's", async () => {
    const journal = killedIn(reboot());
    const invoke = journal.entries.at(-1);
    if (invoke === undefined) throw new Error("no invoke");
    invoke.wall = new Date(Date.now() - 90_000).toISOString();
    const { added } = await secondLane(journal, new Ledger()).go([scenario("reboots", reboot())]);
    const seconds = of(added, "outcome")[0]?.data.seconds;
    expect(seconds).toBeGreaterThanOrEqual(90);
    expect(seconds).toBeLessThan((Date.now() - Date.parse(invoke.wall)) / 1000 + 1);
  });

  it("writes those requests that the first process had not yet written, and no other again", async () => {
    const path = join(tempFolder(), "ledger.jsonl");
    const first = new Ledger(path);
    for (const n of [1, 2]) {
      first.arrive();
      first.append(request(n));
    }
    const { added } = await secondLane(killedIn(reboot()), new Ledger(path)).go(left);
    expect(of(added, "request").map(({ data, step }) => [data.n, step])).toEqual([[2, "reboot"]]);
    expect(of(added, "gap").filter(({ source }) => source === "hub")).toEqual([]);
  });

  it("leaves a gap in the step for a request whose answer ended with the first process", async () => {
    const path = join(tempFolder(), "ledger.jsonl");
    const first = new Ledger(path);
    first.append(request(first.arrive()));
    first.arrive();
    const { added } = await secondLane(killedIn(reboot()), new Ledger(path)).go(left);
    const [gap] = of(added, "gap").filter(({ data }) => data.witness === "hub");
    expect(gap).toMatchObject({ step: "reboot", data: { reason: expect.stringMatching(/in full: 2$/) } });
    expect(gap?.seq).toBeLessThan(of(added, "outcome")[0]?.seq ?? 0);
  });

  it("tells what a check of the file system found", async () => {
    const { added } = await secondLane(killedIn(reboot()), new Ledger()).go(left, "damaged");
    expect(of(added, "outcome")[0]?.data).toMatchObject({
      status: "fail",
      message: "damaged",
      output: expect.stringMatching(/^resumed: .*; e2fsck$/),
    });
  });

  it("waits for the app where the evidence has it running, and does not call it back unseen", async () => {
    // The double has no engine that could be asked for the app.
    const { added } = await secondLane(killedIn(reboot(), [app]), new Ledger()).go(left);
    expect(of(added, "outcome")[0]?.data.status).toBe("info");
  });

  it("does not wait for what others deploy on the same host", async () => {
    const { added } = await secondLane(killedIn(reboot(), [app]), new Ledger(), "own").go(left);
    expect(of(added, "outcome")[0]?.data.status).toBe("ok");
  });
});

describe("what is open", () => {
  const entriesOf = (step: Step, ...more: ((journal: Journal, at: Place) => void)[]) => {
    const journal = killedIn(step);
    const at: Place = { host: "double", scenario: "reboots", step: step.id, boot: bootBefore };
    for (const write of more) write(journal, at);
    return journal.entries;
  };
  const outcome: Body<"outcome"> = { ...plainOutcome("ok"), seconds: 1 };

  it.each<RestartManner>(["reboot", "power-cut"])("is a %s without an outcome", (manner) => {
    const found = openRestart("run", entriesOf(reboot(manner)), "double");
    expect(found).toEqual({ step: "reboot", manner, bootId: bootBefore });
  });

  it("is found whatever other hosts did since, and whatever their boot ids are", () => {
    const entries = entriesOf(reboot(), (journal, at) => {
      const elsewhere = { ...at, host: "lab", scenario: "chain", step: "evict" };
      journal.append("clock", "clock", elsewhere, { bootId: bootAfter, uptimeSeconds: 1 });
      journal.append("invoke", "runner", elsewhere, evict);
      journal.append("outcome", "runner", elsewhere, outcome);
    });
    expect(openRestart("run", entries, "double").bootId).toBe(bootBefore);
  });

  it.each<[string, () => Entry[], string]>([
    ["another step", () => entriesOf(evict), "double"],
    [
      "a reboot that has ended",
      () => entriesOf(reboot(), (journal, at) => journal.append("outcome", "runner", at, outcome)),
      "double",
    ],
    ["a host that did nothing", () => entriesOf(reboot()), "lab"],
    [
      "a host whose boot id was not seen",
      () => entriesOf(reboot()).filter(({ kind }) => kind !== "clock"),
      "double",
    ],
  ])("is not %s", async (_, entries, host) => {
    const failure = await thrownBy(() => openRestart("run", entries(), host));
    expect(failure).toMatchObject({
      exitCode: ExitCode.unavailable,
      next: expect.stringContaining("--down"),
    });
  });

  it.each<[string, Body<"end">]>([
    ["ended", { completed: true, reason: null }],
    ["was interrupted", { completed: false, reason: "SIGINT" }],
  ])("is nothing in a run that %s", async (_, end) => {
    const entries = entriesOf(reboot(), (journal) => journal.append("end", "runner", nowhere, end));
    const failure = await thrownBy(() => requireUnfinished("reports/run", entries));
    expect(failure).toMatchObject({
      exitCode: ExitCode.usage,
      next: expect.stringContaining("pullproof check reports/run"),
    });
    if (end.reason !== null) expect((failure as Failure).seen).toContain(end.reason);
    expect(() => requireUnfinished("reports/run", entriesOf(reboot()))).not.toThrow();
  });
});

describe("a machine", () => {
  const open = { step: "reboot", manner: "reboot", bootId: bootBefore } as const;

  it("has rebooted with another boot id", () => {
    expect(() => requireRebooted("reports/run", open, bootAfter)).not.toThrow();
  });

  it.each([
    ["the same", bootBefore],
    ["none that could be read", null],
  ])("has not with %s: try later", async (_, now) => {
    const failure = await thrownBy(() => requireRebooted("reports/run", open, now));
    expect(failure).toBeInstanceOf(Failure);
    expect(failure).toMatchObject({
      exitCode: ExitCode.tryLater,
      next: expect.stringContaining("pullproof resume reports/run"),
    });
  });
});

describe("what it takes to go on", () => {
  const state: ResumeState = {
    host: "vm",
    scenarios: [scenario("reboots", reboot(), evict)],
    settings: loadSettings({}, "no/such/settings.yaml"),
    deployer: "stack",
    pat: "pat",
    keys: {
      certificates: { ca: "ca", cert: "cert", key: "key" },
      machine: { privateKey: "private", hostKey: "host" },
    },
    latest: true,
  };

  it("is read as it was written, by this user alone, and tells the reaper whom to spare", async () => {
    const folder = tempFolder();
    await writeResumeState(folder, { ...state, host: "other" });
    await writeResumeState(folder, state);
    expect(readResumeState(folder)).toEqual(state);
    expect(statSync(join(folder, waitingFile)).mode & 0o777).toBe(0o600);
    expect(waitingHost(JSON.stringify(state))).toBe("vm");
  });

  it("is gone when it was forgotten, and may be forgotten twice", async () => {
    const folder = tempFolder();
    await writeResumeState(folder, state);
    forgetResumeState(folder);
    forgetResumeState(folder);
    expect(() => readResumeState(folder)).toThrow("ENOENT");
  });
});
