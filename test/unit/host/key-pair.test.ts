import ssh2 from "ssh2";
import { expect, it, onTestFinished, vi } from "vitest";
import { newKeyPair } from "../../../src/host/key-pair.ts";

it("makes keys that can be read, though ssh2 does not always", () => {
  const generate = vi.spyOn(ssh2.utils, "generateKeyPairSync");
  onTestFinished(() => generate.mockRestore());
  const real = ssh2.utils.generateKeyPairSync("ed25519");
  // One byte short, as ssh2 leaves a key that begins with a zero.
  const lines = real.private.trimEnd().split("\n");
  const short = Buffer.from(lines.slice(1, -1).join(""), "base64").subarray(0, -1).toString("base64");
  generate.mockReturnValueOnce({ ...real, private: [lines[0], short, lines.at(-1), ""].join("\n") });
  const pair = newKeyPair();
  expect(generate).toHaveBeenCalledTimes(3);
  expect(ssh2.utils.parseKey(pair.private)).not.toBeInstanceOf(Error);
  expect(ssh2.utils.parseKey(pair.public)).not.toBeInstanceOf(Error);
});
