import { afterAll, beforeAll } from "vitest";
import type { AbraBinary } from "../../src/deploy/abra-binary.ts";
import { startTestLab, type TestLab } from "../engine/lab.ts";
import type { AbraStage } from "./suite.ts";

/** A lab for all tests of a file, at whose hub the images of the recipe are. */
export function labStage(binary: AbraBinary): () => Promise<AbraStage> {
  let own: TestLab | undefined;
  beforeAll(async () => {
    own = await startTestLab("graphdriver");
    const repository = "pullproof/worker";
    await own.lab.hub.publish("worker", { repository, tag: "1.0.0", variant: "a" });
    await own.lab.hub.publish("worker", { repository, tag: "2.0.0", variant: "b" });
  });
  afterAll(() => own?.[Symbol.asyncDispose]());
  return async () => {
    if (own === undefined) throw new Error("the lab did not start");
    return { host: own.lab.host, binary };
  };
}

/** What a lab's stacks may take, in seconds. */
export const labSeconds = { up: 120, never: 10 };
