import { describe } from "vitest";
import { localAbra } from "../../src/deploy/abra-binary.ts";
import { requireAbra } from "../../src/deploy/choose.ts";
import { labSeconds, labStage } from "./lab-stage.ts";
import { abraSuite } from "./suite.ts";

/** The real abra, on a lab: `npm run test:abra`. */
describe("abra", () => {
  abraSuite(labStage(localAbra(requireAbra())), { double: false, seconds: labSeconds });
});
