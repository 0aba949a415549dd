import { describe, expect, it } from "vitest";
import type { App } from "../../../src/deploy/deployer.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import { tidy } from "../../../src/runner/tidy.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";
import { HostDouble } from "../../support/host-double.ts";

const app: App = {
  recipe: {
    name: "diary",
    folder: "/nowhere/diary",
    images: { app: "busybox:1" },
    env: {},
    secrets: [{ name: "session_key", version: "v3", length: 12 }],
  },
  domain: "diary.example.org",
  stack: "diary_example_org",
};
const removal = `exec docker stack rm ${app.stack}`;
const labels = { Labels: stackLabel(app.stack) };
const secret = { ID: "s1", Spec: { Name: `${app.stack}_session_key_v3` } } as object;

const nobody = () => Promise.reject(new Error("ssh: connect to host: Connection refused"));

class Connection extends HostDouble implements AsyncDisposable {
  closed = false;
  async [Symbol.asyncDispose](): Promise<void> {
    this.closed = true;
  }
}

/** A host with objects of the run's stack; `docker stack rm` removes what it would. */
async function hostWith(
  what: Partial<EngineDouble>,
  removes = true,
): Promise<{ engine: EngineDouble; host: Connection }> {
  const engine = Object.assign(await EngineDouble.listen(), what);
  const host = new Connection(engine.docker).answer(() => {
    if (!removes) return { exitCode: 1, stderr: "network is in use" };
    Object.assign(engine, { services: [], networks: [], configs: [] });
    return {};
  });
  return { engine, host };
}

describe("tidy", () => {
  it("does nothing where nothing is left", async () => {
    const { engine, host } = await hostWith({});
    await tidy(host, app, nobody);
    expect(host.done).toEqual([]);
    expect(engine.requests.filter((request) => !request.startsWith("GET"))).toEqual([]);
  });

  it.each<[string, Partial<EngineDouble>]>([
    ["a service", { services: [{ Spec: { Name: `${app.stack}_app`, ...labels } }] }],
    [
      "a network that an interrupted deploy made first",
      { networks: [{ Name: `${app.stack}_internal`, ...labels }] },
    ],
    ["a config", { configs: [{ Spec: { Name: `${app.stack}_c`, ...labels } }] }],
  ])("takes away %s, and what outlives it", async (_, what) => {
    const { engine, host } = await hostWith({
      ...what,
      volumes: [{ Name: `${app.stack}_log`, ...labels }, { Name: "theirs" }],
      secrets: [secret],
    });
    await tidy(host, app, nobody);
    expect(host.done).toEqual([removal]);
    const { services, networks, configs, volumes, secrets } = engine;
    expect([services, networks, configs, volumes, secrets].flat()).toEqual([{ Name: "theirs" }]);
  });

  it("takes a new connection where the old one is gone, and closes it", async () => {
    const { host } = await hostWith({});
    const { engine, host: again } = await hostWith({ secrets: [secret] });
    const lost = await hostWith({});
    await lost.engine.stop();
    await tidy(lost.host, app, async () => again);
    expect(again.done).toEqual([removal]);
    expect(again.closed).toBe(true);
    expect(engine.secrets).toEqual([]);
    expect(host.done).toEqual([]);
  });

  it("says what to do by hand where there is none", async () => {
    const { engine, host } = await hostWith({});
    await engine.stop();
    await expect(tidy(host, app, nobody)).rejects.toMatchObject({
      exitCode: ExitCode.internal,
      seen: expect.stringMatching(/stack diary_example_org: .*ENOENT.*new connection: ssh: connect to host/),
      next: expect.stringContaining(`docker stack rm ${app.stack}; then docker volume ls`),
    });
  });

  it("says what stays, and does not try that over another connection", async () => {
    // A config, which nothing waits for.
    const { host } = await hostWith(
      { configs: [{ Spec: { Name: `${app.stack}_c`, ...labels } } as object] },
      false,
    );
    await expect(tidy(host, app, nobody)).rejects.toMatchObject({
      exitCode: ExitCode.internal,
      seen: expect.stringMatching(new RegExp(`: config ${app.stack}_c; network is in use$`)),
    });
  });
});
