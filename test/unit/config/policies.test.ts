import { describe, expect, it } from "vitest";
import { namedPolicy, policyNames, readPolicy } from "../../../src/config/policies.ts";
import { ExitCode } from "../../../src/model/failure.ts";
import * as plan from "../../../src/model/plan.ts";

describe("the shipped policies", () => {
  it.each(policyNames())("%s is a policy that evidence can hold", (name) => {
    const policy = namedPolicy(name);
    expect(plan.policy.strict().parse(policy)).toEqual(policy);
    expect(policy.name).toBe(name);
  });

  it("only the reference policy runs no command", () => {
    expect(policyNames().filter((name) => namedPolicy(name).command === null)).toEqual(["reference"]);
  });

  it("each command removes what its title says", () => {
    for (const name of policyNames().filter((name) => name !== "reference")) {
      const { title, command } = namedPolicy(name);
      expect(command).toBe(title);
    }
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
          exitCode: ExitCode.usage,
          seen: expect.stringContaining(JSON.stringify(word)),
          next: expect.stringContaining("image-prune-af"),
        }),
      );
    },
  );
});
