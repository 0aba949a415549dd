import { describe, expect, it } from "vitest";
import { type Step, scenario } from "../../../src/model/plan.ts";
import { CommandLine } from "../../support/command-line.ts";
import { writeTree } from "../../support/temp.ts";

describe("verify --dry-run", { timeout: 60_000 }, () => {
  it("prints hosts, scenarios and steps, needs no engine and makes nothing", async () => {
    const line = new CommandLine();
    const before = line.tree();
    const { code, stdout, stderr } = await line.run("verify", "--dry-run");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^host lab$/m);
    expect(stdout).toMatch(/^ {2}chain: .*PC2\.2/m);
    expect(stdout).toMatch(/^ {4}redeploy-after-restart: deploy$/m);
    expect(stdout).toMatch(/control-prune-all: .*must break .*PC3\.1/);
    expect(line.tree()).toEqual(before);
  });

  it("prints as JSON the plan that it would write into evidence", async () => {
    const line = new CommandLine();
    const before = line.tree();
    const words = ["--json", "--no-controls", "--samples", "2", "--prune", "janitor --now", "--prepull"];
    const { code, stdout, stderr } = await line.run("verify", "--dry-run", ...words);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const lanes = JSON.parse(stdout) as { host: string; scenarios: unknown[] }[];
    const planned = lanes.flatMap(({ scenarios }) =>
      scenarios.map((found) => scenario.strict().parse(found)),
    );
    expect(planned.map(({ id }) => id)).toEqual([
      "chain",
      "timing",
      "warm-up",
      "new-digest",
      "broken-image",
      "reboots",
      "pressure-graphdriver",
      "pressure-containerd",
      "cycles-graphdriver",
    ]);
    const steps = planned.flatMap(({ steps }) => steps);
    expect(steps).toContainEqual(
      expect.objectContaining({ do: "prune", policy: expect.objectContaining({ command: "janitor --now" }) }),
    );
    for (const step of steps) if (step.do === "deploy") expect(step.prepull).toBe(true);
    expect(steps.filter((step) => step.do === "evict")).toHaveLength(1);
    expect(line.tree()).toEqual(before);
  });

  it.each<[string, string[], string[], string[]]>([
    ["the labs and the machine", [], ["lab", "vm"], ["reboot", "power-cut"]],
    ["the machine alone", ["--host", "vm", "--reboot", "hard"], ["vm"], ["power-cut", "power-cut"]],
    ["both in any order", ["--host", "vm,lab", "--reboot", "soft"], ["lab", "vm"], ["reboot", "reboot"]],
    ["the labs alone", ["--host", "lab"], ["lab"], []],
    ["no machine in a hurry", ["--quick"], ["lab"], []],
    ["no machine for claims that it is not needed for", ["--skip", "PC2.3"], ["lab"], []],
  ])("plans %s", async (_, words, kinds, manners) => {
    const line = new CommandLine();
    const { code, stdout } = await line.run("verify", "--dry-run", "--json", ...words);
    expect(code).toBe(0);
    const lanes = JSON.parse(stdout) as { kind: string; scenarios: { id: string; steps: Step[] }[] }[];
    expect([...new Set(lanes.map(({ kind }) => kind))].sort()).toEqual(kinds);
    const steps = lanes.flatMap(({ scenarios }) => scenarios).find(({ id }) => id === "reboots")?.steps ?? [];
    expect(steps.flatMap((step) => (step.do === "restart" ? [step.manner] : []))).toEqual(manners);
  });

  it("does without the machine in a hurry, whatever the settings say", async () => {
    const line = new CommandLine();
    writeTree(line.cwd, { "pullproof.yaml": "hosts: [vm]\n" });
    expect((await line.run("verify", "--dry-run")).stdout).toMatch(/^host vm$/m);
    const { stdout } = await line.run("verify", "--dry-run", "--quick");
    expect(stdout).toMatch(/^host lab$/m);
    expect(stdout).not.toMatch(/^host vm$/m);
  });

  it("takes settings from the file in the working directory, and options before them", async () => {
    const line = new CommandLine();
    writeTree(line.cwd, { "pullproof.yaml": "samples: 3\nregistryAuth: false\nimageStore: containerd\n" });
    const words = ["--samples", "1", "--only", "PC2,PC3"];
    const { stdout } = await line.run("verify", "--dry-run", "--json", ...words);
    const lanes = JSON.parse(stdout) as { scenarios: { id: string; steps: object[] }[] }[];
    const scenarios = lanes.flatMap(({ scenarios }) => scenarios);
    expect(scenarios.map(({ id }) => id)).not.toContain("timing");
    expect(scenarios.map(({ id }) => id)).not.toContain("control-prune-dangling");
    expect(scenarios[0]?.steps).toContainEqual(
      expect.objectContaining({ do: "deploy", registryAuth: false }),
    );
  });
});
