import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { abraSuite } from "../../abra/suite.ts";
import { stageOfDoubles } from "../../support/abra-double/stage.ts";
import { runHere } from "../../support/host-double.ts";
import { tempFolder } from "../../support/temp.ts";

describe("the contract double of abra, on doubles of engine and docker", () => {
  abraSuite(() => stageOfDoubles(), { double: true, seconds: { up: 30, never: 1 } });
});

it("npm run test:abra is no success where there is no abra, and says so", async () => {
  const main = fileURLToPath(new URL("../../abra/main.ts", import.meta.url));
  const env = { PATH: tempFolder(), XDG_CACHE_HOME: tempFolder() };
  const { exitCode, stdout, stderr } = await runHere([process.execPath, main], env);
  expect([exitCode, stdout]).toEqual([ExitCode.unavailable, ""]);
  expect(stderr).toContain("there is no abra");
});
