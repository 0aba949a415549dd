import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadSettings } from "../../../src/config/settings.ts";
import { plainOutcome } from "../../../src/deploy/deployer.ts";
import { HostAway } from "../../../src/host/reboot.ts";
import { waitingFile } from "../../../src/lab/waiting.ts";
import { ExitCode, Failure, GoesOnLater } from "../../../src/model/failure.ts";
import type { Scenario } from "../../../src/model/plan.ts";
import { Journal } from "../../../src/runner/journal.ts";
import {
  goesOnAtBoot,
  type LiveStage,
  liveLane,
  whenBack,
  whileWaiting,
} from "../../../src/runner/live-lane.ts";
import { readLiveState, waitsIn } from "../../../src/runner/resume-state.ts";
import { hubDispatcher } from "../../../src/witness/rate-limit.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";
import { tempFolder } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const run = "20260102-030405-abcd";
const secret = "dckr_pat_canary";

const scenario: Scenario = {
  id: "live-chain",
  title: "a chain",
  claims: ["PC2.3"],
  control: false,
  steps: [
    { id: "first", do: "age", days: 0 },
    { id: "reboot", do: "restart", manner: "reboot" },
    { id: "teardown", do: "teardown", removeImages: false },
  ],
};

/** A lane on a live host that does as told when it is to reboot; `local` for this machine itself. */
async function laneOn(local: boolean, restarted: (host: HostDouble) => void) {
  const engine = await EngineDouble.listen();
  const folder = tempFolder();
  const host = Object.assign(new HostDouble(engine.docker), { local, address: "ssh://server" });
  host.comesBack(() => {
    restarted(host);
    return {};
  });
  const credentials = { account: "keeper", secret };
  const dispatcher = hubDispatcher(join(tempFolder(), "no-front.sock"), "");
  const access = { dispatcher, credentials, account: { name: "keeper", pat: secret } };
  const stage = {
    run,
    host,
    access,
    app: exampleApp(),
    deployer: {
      name: "stack",
      choosesAuth: true,
      version: async () => "1",
      deploy: async () => plainOutcome("ok"),
      teardown: async () => plainOutcome("ok"),
    },
    settings: loadSettings({ hosts: ["live"], allowReboot: true }, "no/such/settings.yaml"),
    known: [],
    site: {
      host,
      hub: null,
      rateLimit: access,
      interfaceName: "eth7",
      accountedUnits: ["docker.service"],
      accelerator: null,
    },
  } as unknown as LiveStage;
  const journal = new Journal(join(folder, "evidence.jsonl"), [secret]);
  const progress = { begin: () => () => {}, say: () => {} };
  const lane = await liveLane(stage, { journal, progress, folder, latest: true });
  const go = async () => {
    const left = scenario.steps.slice(1);
    await lane.run([{ ...scenario, steps: left }], new AbortController().signal);
  };
  const outcomes = () =>
    journal.entries.flatMap((entry) => (entry.kind === "outcome" ? [[entry.step, entry.data.status]] : []));
  return { stage, host, folder, go, outcomes, journal };
}

const unitCommands = (host: HostDouble, word: string) =>
  host.executed.filter(({ command }) => command.some((text) => text.includes(word)));

describe("a live host that reboots", () => {
  it("leaves a run that waits for it when it does not come back: no outcome, nothing after it", async () => {
    const { folder, go, outcomes, journal } = await laneOn(false, () => {
      throw new HostAway("not true within 900 s");
    });
    expect(await thrownBy(go)).toBeInstanceOf(HostAway);
    expect(outcomes()).toEqual([]);
    expect(journal.entries.at(-1)).toMatchObject({ kind: "invoke", step: "reboot" });
    expect(waitsIn(folder)).toBe(true);
    expect(readLiveState(folder)).toMatchObject({
      host: "double",
      deployer: "stack",
      folder: "/opt/pullproof",
      interfaceName: "eth7",
      accountedUnits: ["docker.service"],
      latest: true,
      scenarios: [{ id: "live-chain", steps: [{ id: "reboot" }, { id: "teardown" }] }],
    });
  });

  it("leaves no secret in what it takes to go on, which is the user's alone all the same", async () => {
    let state = "";
    const { folder, go } = await laneOn(false, () => {
      state = readFileSync(join(folder, waitingFile), "utf8");
      expect(statSync(join(folder, waitingFile)).mode & 0o777).toBe(0o600);
    });
    await go();
    expect(state).toContain("eth7");
    expect(state).not.toContain(secret);
    expect(state).not.toContain(Buffer.from(secret).toString("base64"));
  });

  it("that comes back leaves nothing to go on with, and the plan goes on", async () => {
    const { folder, go, outcomes } = await laneOn(false, () => {});
    await go();
    expect(waitsIn(folder)).toBe(false);
    expect(outcomes()).toEqual([
      ["reboot", "ok"],
      ["teardown", "ok"],
    ]);
  });

  it("that refuses leaves nothing to go on with either, and says so in the evidence", async () => {
    const { folder, go, outcomes, host } = await laneOn(true, () => {
      throw new Error("the host refused to reboot");
    });
    await go();
    expect(waitsIn(folder)).toBe(false);
    expect(outcomes()).toEqual([
      ["reboot", "info"],
      ["teardown", "ok"],
    ]);
    expect(unitCommands(host, "systemctl disable")).toHaveLength(1);
  });
});

describe("a live host that is this machine", () => {
  it("has the unit that goes on, and the state, before it goes down", async () => {
    let seen = {};
    const { folder, host, go } = await laneOn(true, (double) => {
      seen = { state: existsSync(join(folder, waitingFile)), done: [...double.done] };
      throw new HostAway("it goes down");
    });
    await thrownBy(go);
    expect(seen).toMatchObject({ state: true });
    const [installed] = unitCommands(host, "systemctl enable");
    const text = installed?.command.at(-1) ?? "";
    expect(installed?.command).toContain(`pullproof-resume-${run}.service`);
    expect(text).toContain(`resume ${folder}`);
    expect(text).toContain(`ConditionPathExists=${join(folder, waitingFile)}`);
    expect(text).not.toContain(secret);
    expect(host.done.indexOf("reboot")).toBeGreaterThan(0);
    // Both outlive this process.
    expect(unitCommands(host, "systemctl disable")).toEqual([]);
    expect(waitsIn(folder)).toBe(true);
  });

  it("is not rebooted when nothing can be made to go on, and nothing waits for it", async () => {
    const { folder, host, go } = await laneOn(true, () => {});
    host.answer(({ command }) =>
      command.some((text) => text.includes("enable")) ? { exitCode: 1, stderr: "Access denied" } : {},
    );
    expect(await thrownBy(go)).toMatchObject({ exitCode: ExitCode.unavailable });
    expect(host.done).not.toContain("reboot");
    expect(waitsIn(folder)).toBe(false);
  });
});

describe("a run whose host is away", () => {
  const away = new HostAway("not true within 900 s: the host has rebooted");
  it("is to be gone on with later, and says how", async () => {
    expect(await thrownBy(() => whenBack("ssh://server", "reports/run")(away))).toMatchObject({
      exitCode: ExitCode.tryLater,
      seen: expect.stringMatching(/ssh:\/\/server: .*900 s/),
      next: expect.stringContaining("pullproof resume reports/run"),
    });
  });

  it("goes on by itself on this machine, and says where its report will be", async () => {
    const failure = await thrownBy(() => goesOnAtBoot("reports/run")(away));
    expect(failure).toBeInstanceOf(GoesOnLater);
    expect(failure).toMatchObject({
      exitCode: ExitCode.tryLater,
      next: expect.stringContaining("reports/run/report.md"),
    });
  });

  it("is not to be made anew when it is interrupted meanwhile, but gone on with", () => {
    const interrupted = new Failure(ExitCode.interrupted, {
      what: "it was interrupted",
      next: "run it again",
    });
    expect(whileWaiting("reports/run", interrupted)).toMatchObject({
      exitCode: ExitCode.interrupted,
      what: "it was interrupted",
      next: expect.stringContaining("pullproof resume reports/run"),
    });
  });

  it("is not what any other error means", async () => {
    const other = new Failure(ExitCode.internal, { what: "x", next: "y" });
    for (const end of [whenBack("ssh://server", "reports/run"), goesOnAtBoot("reports/run")])
      expect(await thrownBy(() => end(other))).toBe(other);
  });
});
