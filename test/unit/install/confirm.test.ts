import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { confirm } from "../../../src/cli/confirm.ts";

async function answer(typed: string): Promise<{ yes: boolean; shown: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  input.end(typed);
  const yes = await confirm("Write 4 files?", input, output);
  output.end();
  return { yes, shown: await text(output) };
}

describe("confirm", () => {
  it("asks, and says which answer counts when there is none", async () => {
    expect((await answer("\n")).shown).toContain("Write 4 files? [y/N] ");
  });

  it.each(["y\n", "yes\n", "Y\n", " YES \n", "y", "y\nno\n"])("takes %j for yes", async (typed) => {
    expect((await answer(typed)).yes).toBe(true);
  });

  it.each(["\n", "n\n", "no\n", "yesterday\n", "oy\n", "", "no\ny\n", "\u0003"])(
    "takes %j for no",
    async (typed) => {
      expect((await answer(typed)).yes).toBe(false);
    },
  );
});
