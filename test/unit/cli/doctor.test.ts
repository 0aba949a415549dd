import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { CommandLine } from "../../support/command-line.ts";

describe("doctor", { timeout: 60_000 }, () => {
  it("takes a context or an address, and not both", async () => {
    const { code, stderr } = await new CommandLine().run(
      ...["doctor", "--context", "server", "--docker-host", "ssh://server"],
    );
    expect({ code, stderr }).toEqual({
      code: ExitCode.usage,
      stderr: expect.stringContaining("--docker-host"),
    });
  });

  it("says of a host that cannot be opened that it is unavailable, and leaves nothing behind", async () => {
    const line = new CommandLine();
    const before = line.tree();
    const { code, stdout, stderr } = await line.run("doctor", "--docker-host", "unix:///nowhere/docker.sock");
    expect({ code, stdout }).toEqual({ code: ExitCode.unavailable, stdout: "" });
    expect(stderr).toMatch(/^error: .+\n(.*\n)* {2}next: /);
    expect(line.tree()).toEqual(before);
  });
});
