import { expect, test } from "vitest";
import { syntheticHost } from "../../../src/bench/plan/inventory.ts";
import { openSyntheticEngine } from "../../../src/bench/plan/synthetic-engine.ts";
import { loadPruneSettings } from "../../../src/config/prune-settings.ts";
import { openLocalEngine } from "../../../src/policy/engine.ts";
import { Look } from "../../../src/policy/look.ts";
import { survey } from "../../../src/policy/survey.ts";
import { tempFolder } from "../../support/temp.ts";

const size = 200;

test("the policy plans the fake engine's host: some of what may go goes, and everything else has its reason", async () => {
  await using fake = await openSyntheticEngine(tempFolder(), size);
  const engine = await openLocalEngine({ DOCKER_HOST: `unix://${fake.socket}` });
  const settings = loadPruneSettings(fake.config);
  const { plan, gap, layerBytes } = await survey(engine, new Look(engine), settings, Date.now);

  const roles = new Map(syntheticHost(size, 1).images.map(({ id, role }) => [id, role]));
  const rolesOf = (does: string) =>
    new Set(plan.decisions.filter((one) => one.does === does).map(({ image }) => roles.get(image.id)));
  expect(gap).toBeNull();
  expect(plan.warnings).toEqual([]);
  expect(plan.busy).toBeNull();
  expect(plan.decisions).toHaveLength(size);
  expect(plan.sufficient).toBe(true);
  expect(rolesOf("remove")).toEqual(new Set(["left-over", "orphan"]));
  expect(rolesOf("spare")).toEqual(new Set(["orphan"]));
  expect(layerBytes.size).toBeGreaterThan(0);

  const reasons = plan.decisions.filter(({ does }) => does === "keep").map(({ reason }) => reason);
  for (const reason of [
    /^used by the container .* \(running\)/,
    /^used by the container .* \(exited\)/,
    /^named by the previous spec/,
    /^kept by the rule/,
    /^pinned by .*compose\.yml/,
    /^used .* ago; the minimum age/,
  ]) {
    expect(reasons).toContainEqual(expect.stringMatching(reason));
  }
});
