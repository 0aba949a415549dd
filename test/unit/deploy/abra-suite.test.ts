import { describe } from "vitest";
import { abraSuite } from "../../abra/suite.ts";
import { stageOfDoubles } from "../../support/abra-double/stage.ts";

describe("the contract double of abra, on doubles of engine and docker", () => {
  abraSuite(() => stageOfDoubles(), { double: true, seconds: { up: 30, never: 1 } });
});
