import { describe, expect, it, vi } from "vitest";
import { finishTeardown } from "../../../src/deploy/teardown.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble, stackLabel } from "../../support/engine-double.ts";

const app = () => exampleApp();
const Labels = stackLabel("diary_example_org");
const foreign = stackLabel("wiki_example_org");

const service = { Spec: { Name: "diary_app", Labels } };
const task = { ID: "t1", Labels };
const container = { Id: "c1", Names: ["/diary_app.1"], State: "exited", Labels };
const network = { Name: "diary_internal", Labels };
const volume = { Name: "diary_data", Labels };
const secret = (ID: string, Name: string) => ({ ID, Spec: { Name } });

const deleted = (engine: EngineDouble) => engine.requests.filter((request) => request.startsWith("DELETE"));

describe("finishTeardown", () => {
  it.each([
    ["services", service],
    ["tasks", task],
    ["containers", container],
    ["networks", network],
  ] as const)("takes no volume and no secret away while %s are there", async (kind, object) => {
    const engine = await EngineDouble.listen();
    engine[kind] = [object];
    engine.volumes = [volume];
    engine.secrets = [secret("s1", "diary_example_org_session_key_v3")];
    let looks = 0;
    let tooSoon: string[] = [];
    engine.on("GET /networks", () => {
      const body = engine.networks;
      tooSoon = deleted(engine);
      looks += 1;
      // Gone from the third or fourth look on, as the lists are asked for side by side.
      if (looks === 3) engine[kind] = [];
      return { body };
    });
    expect(await finishTeardown(engine.docker, app())).toMatchObject({ status: "ok", message: null });
    expect(looks).toBeGreaterThanOrEqual(3);
    expect(tooSoon).toEqual([]);
    expect(deleted(engine).sort()).toEqual(["DELETE /secrets/s1", "DELETE /volumes/diary_data"]);
  });

  it("takes away only what is the app's own", async () => {
    const engine = await EngineDouble.listen();
    const others = {
      services: [{ Spec: { Name: "wiki_app", Labels: foreign } }],
      tasks: [{ ID: "t2", Labels: foreign }],
      containers: [{ Id: "c2", Names: ["/wiki"], Labels: foreign }],
      networks: [{ Name: "ingress", Labels: {} }],
      volumes: [{ Name: "wiki_data", Labels: foreign }, { Name: "loose" }],
      secrets: [
        secret("s2", "wiki_example_org_session_key_v3"),
        // Of the stack diary_example_org_uk, which begins like this one.
        secret("s3", "diary_example_org_uk_session_key_v3"),
      ],
    };
    Object.assign(engine, others);
    engine.volumes = [...others.volumes, volume];
    engine.secrets = [...others.secrets, secret("s1", "diary_example_org_session_key_v3")];
    expect(await finishTeardown(engine.docker, app())).toMatchObject({ status: "ok" });
    expect(deleted(engine).sort()).toEqual(["DELETE /secrets/s1", "DELETE /volumes/diary_data"]);
    expect(engine).toMatchObject(others);
  });

  it("removes no image", async () => {
    const engine = await EngineDouble.listen();
    engine.images = [{ Id: "sha256:1", RepoTags: null, RepoDigests: ["pullproof/web@sha256:1"], Labels }];
    await finishTeardown(engine.docker, app());
    expect(engine.requests.filter((request) => request.includes("/images"))).toEqual([]);
  });

  it("gives up in the end, says what is left, and takes nothing away", async () => {
    const engine = await EngineDouble.listen();
    Object.assign(engine, {
      services: [service],
      tasks: [task],
      containers: [container],
      networks: [network],
    });
    engine.volumes = [volume];
    // Every look takes half a minute of the clock that the wait goes by.
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => now);
    engine.on("GET /tasks", () => {
      now += 31_000;
      return { body: engine.tasks };
    });
    const outcome = await finishTeardown(engine.docker, app());
    clock.mockRestore();
    expect(outcome.status).toBe("fail");
    for (const left of ["service diary_app", "task t1", "container /diary_app.1", "network diary_internal"])
      expect(outcome.message).toContain(left);
    expect(deleted(engine)).toEqual([]);
  });

  it("does not pass over a volume that cannot be removed", async () => {
    const engine = await EngineDouble.listen();
    engine.volumes = [volume];
    engine.on("DELETE /volumes/*", () => ({ status: 409, body: { message: "volume is in use" } }));
    await expect(finishTeardown(engine.docker, app())).rejects.toThrow("volume is in use");
  });
});
