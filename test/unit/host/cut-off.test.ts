import { expect, it } from "vitest";
import { CutOff } from "../../../src/host/host.ts";
import { askToReboot } from "../../../src/host/reboot.ts";
import { HostDouble } from "../../support/host-double.ts";

it("takes a command that went with the connection for one that the host has heard", async () => {
  const host = new HostDouble().answer(() => Promise.reject(new CutOff("the connection is gone")));
  await askToReboot(host);
  expect(host.done).toEqual(["exec systemctl reboot"]);
});

it("takes no other error for that", async () => {
  const host = new HostDouble().answer(() => Promise.reject(new Error("no sessions left")));
  await expect(askToReboot(host)).rejects.toThrow("no sessions left");
});
