import { describe, expect, it } from "vitest";
import { machineState, parseMachineState } from "../../../src/witness/machine.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";

const bootId = "0c1d2e3f-0000-4000-8000-0123456789ab";
/** 1000 blocks of 4096 bytes, 250 free, 200 of them not only for root; 500 inodes, 100 free. */
const good = `${bootId}\n1234.56\n987654321\n4096 1000 250 200 500 100\n`;

describe("parseMachineState", () => {
  it("reads boot id, uptime, received bytes and file system", () => {
    expect(parseMachineState(good, "eth7")).toEqual({
      clock: { bootId, uptimeSeconds: 1234.56 },
      interface: { name: "eth7", rxBytes: 987_654_321 },
      fileSystem: { totalBytes: 950 * 4096, usedBytes: 750 * 4096, totalInodes: 500, usedInodes: 400 },
    });
  });

  it("reads a file system without a number of inodes", () => {
    const { fileSystem } = parseMachineState(good.replace("500 100", "0 0"), "eth0");
    expect(fileSystem).toMatchObject({ totalInodes: 0, usedInodes: 0 });
  });

  const lines = good.split("\n");
  it.each([
    ["nothing", ""],
    ["its end cut off", good.slice(0, -1)],
    ["the last number cut short", good.slice(0, -2)],
    ["a line missing", `${lines.toSpliced(2, 1).join("\n")}`],
    ["a line too many", `${good}more\n`],
    ["a warning first", `stat: warning\n${good}`],
    ["no boot id", good.replace(bootId, "unknown")],
    ["a negative number", good.replace("987654321", "-1")],
    ["no number", good.replace("1000", "many")],
    ["an empty field", good.replace("987654321", "")],
  ])("refuses output with %s, and shows it", (_, broken) => {
    expect(() => parseMachineState(broken, "eth0")).toThrow(JSON.stringify(broken));
  });
});

describe("machineState", () => {
  it("asks a real kernel", async () => {
    const host = new HostDouble().answer(({ command }) => runHere(command));
    const state = await machineState(host, "lo", "/");
    expect(state.clock.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(state.clock.uptimeSeconds).toBeGreaterThan(0);
    expect(state.fileSystem.totalBytes).toBeGreaterThan(state.fileSystem.usedBytes);
    expect(state.fileSystem.usedBytes).toBeGreaterThan(0);
  });

  it.each([
    ["interface", "no-such-interface", "/"],
    ["data root", "lo", "/no/such/folder"],
  ])("fails, and says why, without a known %s", async (_, interfaceName, dataRoot) => {
    const host = new HostDouble().answer(({ command }) => runHere(command));
    await expect(machineState(host, interfaceName, dataRoot)).rejects.toThrow(/code 1.*no[-/]such/is);
  });
});
