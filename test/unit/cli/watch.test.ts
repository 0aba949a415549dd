import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { until } from "../../../src/until.ts";
import { CommandLine } from "../../support/command-line.ts";
import { containerEvent, PruneHost } from "../../support/prune-host.ts";
import { image, sha } from "../policy/hosts.ts";

/** A process is started for each of these; a busy machine takes its time. */
const patience = { timeout: 60_000 };
const patienceMs = 30_000;

async function hostWith(): Promise<{ host: PruneHost; line: CommandLine; words: string[] }> {
  const host = await PruneHost.with([image("web", ["web:1"]), image("idle")]);
  return { host, line: new CommandLine(host.env), words: ["watch", "--config", host.config] };
}

/** A watch that listens, and has caught up since a record of a second ago. */
async function watching() {
  const { host, line, words } = await hostWith();
  const before = Date.now() - 1000;
  host.remember(before);
  const watch = line.start(...words);
  await until("it listens, and has caught up", patienceMs, async () =>
    host.engine.listeners === 1 && (host.recorded?.until ?? 0) > before ? true : "not yet",
  );
  return { host, before, watch };
}

describe("watch", patience, () => {
  it("follows the engine until SIGTERM, and leaves the record written", async () => {
    const { host, before, watch } = await watching();
    const at = Date.now();
    // So many that it does not wait for its next scan.
    for (let n = 0; n < 200; n += 1) host.engine.emit(containerEvent("web:1", at));
    const lastUse = () => host.recorded?.images[sha("web")]?.lastUse;
    await until("the use is recorded", patienceMs, async () => lastUse() === at || `${lastUse()}`);
    watch.child.kill("SIGTERM");
    expect(await watch.ended).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(lastUse()).toBe(at);
    expect(host.recorded?.since).toBeLessThan(before);
    expect(host.changes).toEqual([]);
  });

  it("says on standard error that the engine went away, that it is back, and that there was a gap", async () => {
    const { host, before, watch } = await watching();
    await host.engine.stop();
    host.startedAt(Date.now() + 3_600_000);
    await host.engine.start();
    await until("ages count from the return", patienceMs, async () =>
      (host.recorded?.since ?? 0) > before ? true : "not yet",
    );
    watch.child.kill("SIGINT");
    const { code, stderr } = await watch.ended;
    expect(code).toBe(0);
    expect(stderr.trim().split("\n")).toEqual([
      expect.stringMatching(/went away/),
      expect.stringMatching(/is back/),
      expect.stringMatching(/missed.*the engine was started/),
    ]);
  });

  it("once: brings the record up to date, says how it stands, and ends", async () => {
    const { host, line, words } = await hostWith();
    const first = await line.run(...words, "--once");
    expect(first).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/uses of 2 images are known since/),
    });
    expect(first.stderr).toMatch(/no record/);
    const since = host.recorded?.since ?? Number.NaN;
    const second = await line.run(...words, "--once", "--json");
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(second.stdout)).toMatchObject({ images: 2, since: new Date(since).toISOString() });
    expect(readdirSync(host.stateDir)).toEqual(["state.json"]);
    expect(host.changes).toEqual([]);
  });

  it.each([[[]], [["--once"]]])("writes nothing without an engine (%j)", async (more) => {
    const { host, line, words } = await hostWith();
    await host.engine.stop();
    const ended = await line.run(...words, ...more);
    expect(ended).toMatchObject({ code: ExitCode.unavailable, stdout: "" });
    expect(ended.stderr).toMatch(/^error: the Docker engine does not answer\n {2}seen: .+\n {2}next: .+\n$/);
    expect(readdirSync(host.stateDir)).toEqual([]);
  });
});
