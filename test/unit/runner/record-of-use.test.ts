import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseRecord } from "../../../src/policy/record.ts";
import { age } from "../../../src/runner/record-of-use.ts";
import { HostDouble } from "../../support/host-double.ts";

const day = 86_400_000;
const stateFile = "/var/lib/pullproof/state.json";
const record = {
  version: 1,
  engine: "ENGINE",
  since: 20 * day,
  until: 30 * day,
  images: { "sha256:1": { firstSeen: 21 * day, lastUse: 29 * day } },
  resolved: { "docker.io/library/web:1": { digest: "sha256:2", at: 25 * day } },
};

type Answer = Parameters<HostDouble["answer"]>[0];

describe("age", () => {
  it("brings the record up to date first, and then puts every use so much further back", async () => {
    const host = new HostDouble().answer(({ command }) =>
      command[0] === "cat" ? { stdout: JSON.stringify(record) } : {},
    );
    await age(host, 10);
    expect(host.done).toEqual([
      "exec pullproof watch --once",
      `exec cat ${stateFile}`,
      expect.stringMatching(/^copy \/var\/lib\/pullproof$/),
    ]);
    const aged = parseRecord(readFileSync(host.path(stateFile), "utf8"));
    expect(aged).toEqual({
      ...record,
      since: 10 * day,
      images: { "sha256:1": { firstSeen: 11 * day, lastUse: 19 * day } },
      resolved: { "docker.io/library/web:1": { digest: "sha256:2", at: 15 * day } },
    });
  });

  const failing =
    (tool: string, stderr: string): Answer =>
    ({ command }) =>
      command[0] === tool ? { exitCode: 69, stderr } : {};

  it.each<[string, Answer, RegExp]>([
    [
      "the watcher fails",
      failing("pullproof", "no engine"),
      /^pullproof watch --once ended with code 69: no engine/,
    ],
    ["there is no record", failing("cat", "No such file"), /No such file/],
    ["the record cannot be read", () => ({ stdout: '{"version":7}' }), /not a record of use/],
  ])("changes nothing, and says why, when %s", async (_, answer, words) => {
    const host = new HostDouble().answer(answer);
    await expect(age(host, 10)).rejects.toThrow(words);
    expect(host.done.filter((what) => what.startsWith("copy"))).toEqual([]);
  });
});
