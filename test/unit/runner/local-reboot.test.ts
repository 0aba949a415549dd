import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { requireOwnReboot } from "../../../src/runner/local-reboot.ts";
import { HostDouble } from "../../support/host-double.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const run = "20260102-030405-abcd";

/** As if pullproof were called in a folder. */
function calledIn(folder: string): void {
  const spy = vi.spyOn(process, "cwd").mockReturnValue(folder);
  onTestFinished(() => spy.mockRestore());
}

describe("this machine is not rebooted in the middle of a run", () => {
  it.each(["/tmp/run", "/dev/shm/run", "/run/run"])("whose files would be gone: %s", async (folder) => {
    calledIn("/usr");
    const thrown = await thrownBy(() => requireOwnReboot(new HostDouble(), run, folder, []));
    expect(thrown).toMatchObject({ exitCode: ExitCode.usage, seen: expect.stringContaining(folder) });
  });

  it("whose working directory would be gone", async () => {
    calledIn("/tmp");
    const thrown = await thrownBy(() => requireOwnReboot(new HostDouble(), run, "/usr/none/run", []));
    expect(thrown).toMatchObject({ exitCode: ExitCode.usage, seen: expect.stringMatching(/^\/tmp /) });
  });

  it("that has labs on it as well", async () => {
    const thrown = await thrownBy(() => requireOwnReboot(new HostDouble(), run, "/usr/none/run", ["lab"]));
    expect(thrown).toMatchObject({ exitCode: ExitCode.usage, seen: expect.stringContaining("lab") });
  });
});
