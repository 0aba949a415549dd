import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { survey } from "../../../src/policy/survey.ts";
import { listedContainer, PruneHost } from "../../support/prune-host.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";
import { day, image, now, sha } from "./hosts.ts";

const old = image("old", ["old:1"]);
const young = image("young", ["young:1"]);

/** A survey of a disk of a thousand bytes, of which the images hold two hundred. */
async function surveyed(
  ballast: number,
  settings: object = {},
  change: (host: PruneHost) => void = () => {},
) {
  const host = await PruneHost.with([old, young], settings);
  host.remember(now, { [sha("young")]: 1 });
  change(host);
  const engine = await host.open();
  const seen = await survey(engine, host.look(engine, ballast), host.settings, () => now);
  return { host, seen };
}

const histories = (host: PruneHost) => host.engine.requests.filter((request) => request.endsWith("/history"));

describe("survey", () => {
  it("asks for the layers' sizes of what may go, and of nothing else", async () => {
    const { host, seen } = await surveyed(650);
    expect(histories(host)).toEqual([`GET /images/${sha("old")}/history`]);
    expect(seen.plan).toMatchObject({ pressure: true, freedBytes: 100 });
  });

  it.each<[string, number, (host: PruneHost) => void]>([
    ["without pressure", 100, () => {}],
    ["on a busy host", 650, (host) => void writeTree(host.dataRoot, { "tmp/GetImageBlob1": "" })],
  ])("asks for none %s, nor for containers", async (_, ballast, change) => {
    const { host, seen } = await surveyed(ballast, { containers: { minAge: "1d" } }, (host) => {
      host.engine.containers = [listedContainer(sha("young"), { State: "exited" })];
      change(host);
    });
    expect(histories(host)).toEqual([]);
    expect(host.engine.requests).not.toContain("GET /containers/c1/json");
    expect(seen.containers).toEqual([]);
  });

  it("finds the containers that may go where they are opted in", async () => {
    const { seen } = await surveyed(650, { containers: { minAge: "1d" } }, (host) => {
      host.engine.containers = [listedContainer(sha("young"), { State: "exited" })];
      const FinishedAt = new Date(now - 2 * day).toISOString();
      host.engine.inspected.c1 = { Created: FinishedAt, State: { Status: "exited", FinishedAt } };
    });
    expect(seen.containers).toEqual([{ id: "c1", name: "c1", endedAt: now - 2 * day }]);
  });

  it("writes nothing, and asks for nothing but to be told", async () => {
    const { host } = await surveyed(650, { containers: { minAge: "1d" }, buildCache: { minAge: "1d" } });
    expect(host.changes).toEqual([]);
    expect(host.recorded?.until).toBe(now);
  });

  it("refuses marks that make no sense on this disk", async () => {
    expect(await thrownBy(() => surveyed(650, { high: "500B", low: "70%" }))).toMatchObject({
      exitCode: ExitCode.config,
    });
  });

  it("counts what recipes pin", async () => {
    const abraDir = writeTree(tempFolder(), {
      "recipes/app/compose.yml": "services: { app: { image: 'old:1' } }",
    });
    const { seen } = await surveyed(650, { abraDir });
    expect(seen.plan.order).toEqual([]);
    expect(seen.rules.pinned).toHaveLength(1);
  });
});
