import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { gauntletPolicies, namedPolicy, policyNames, readPolicy } from "../../../src/config/policies.ts";
import { modes } from "../../../src/gauntlet/modes.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import * as plan from "../../../src/model/plan.ts";

const folder = new URL("../../../fixtures/policies/", import.meta.url);

describe("the shipped policies", () => {
  it.each(policyNames())("%s is a policy that evidence can hold", (name) => {
    const policy = namedPolicy(name);
    expect(plan.policy.strict().parse(policy)).toEqual(policy);
    expect(policy.name).toBe(name);
  });

  it("are all files of the folder", () => {
    expect(policyNames().map((name) => `${name}.yaml`)).toEqual(expect.arrayContaining(readdirSync(folder)));
  });

  it("run what their title says, where that is one command", () => {
    const others = policyNames()
      .map(namedPolicy)
      .filter(({ title, command }) => title.startsWith("docker ") && title !== command);
    // It runs the command of its title from a mark on.
    expect(others.map(({ name }) => name)).toEqual(["pressure-gated-prune"]);
    expect(others[0]?.command).toContain(`\n  ${others[0]?.title.split(",")[0]}\n`);
  });
});

describe("gauntletPolicies", () => {
  const policies = gauntletPolicies();
  const only = (test: (one: (typeof policies)[number]) => boolean) =>
    policies.filter(test).map(({ policy }) => policy.name);

  it("begins with the shipped policy and has each of the others once, by name", () => {
    const [first, ...others] = policies.map(({ policy }) => policy.name);
    expect(first).toBe("reference");
    expect(others).toEqual(policyNames().filter((name) => name !== "reference"));
  });

  it("has the same policies as evidence", () => {
    for (const { policy } of policies) expect(namedPolicy(policy.name)).toEqual(policy);
  });

  it.each(policies.map((one) => [one.policy.name, one] as const))(
    "%s says what it does, on whose word, and what to expect of it in every mode",
    (name, { policy, about, source, expected }) => {
      expect([name, policy.title, policy.command, about].map((text) => text.trim())).not.toContain("");
      // What the project itself documents lies in the project.
      expect(source).toMatch(name === "reference" ? /^docs\/[a-z-]+\.md$/ : /^https:\/\/\S+$/);
      expect(Object.keys(expected).sort()).toEqual(modes.map((mode) => mode.name).sort());
      for (const verdicts of Object.values(expected)) expect(verdicts).not.toEqual({});
    },
  );

  it("expects all of the shipped policy, and of no other", () => {
    const passes = only(({ expected }) =>
      Object.values(expected).every((verdicts) => Object.values(verdicts).every((word) => word === "pass")),
    );
    expect(passes).toEqual(["reference"]);
  });

  it("knows which policies run a tool that must be installed first", () => {
    const run = only(({ policy }) => /\bdocuum\b/.test(policy.command));
    expect(run).not.toEqual([]);
    expect(only(({ needs }) => needs === "docuum")).toEqual(run);
  });

  it("has docuum run with the options that its title says", () => {
    for (const { policy } of policies.filter(({ needs }) => needs === "docuum"))
      expect(policy.command).toContain(` ${policy.title} `);
  });

  it("expects nothing of a prepull on the containerd store, which keeps tags in any case", () => {
    for (const { expected } of policies) expect(expected["containerd-prepull"]).toEqual(expected.containerd);
  });
});

describe("readPolicy", () => {
  it("takes a name for the policy of that name", () => {
    expect(readPolicy("image-prune-f")).toEqual(namedPolicy("image-prune-f"));
  });

  it.each(["docker image prune -f", "./janitor.sh", "/opt/prune", "docuum --threshold '10 GB'"])(
    "takes %j for a command, to be run as it is",
    (command) => {
      expect(readPolicy(command).command).toBe(command);
    },
  );

  it.each(["referense", "docuum", "", "  ", "image-prune-f "])(
    "takes the word %j for a misspelt name",
    (word) => {
      expect(() => readPolicy(word)).toThrow(
        expect.objectContaining({
          exitCode: ExitCode.config,
          seen: expect.stringMatching(`${JSON.stringify(word)}.*image-prune-af`),
        }),
      );
    },
  );
});
