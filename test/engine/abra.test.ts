import { describe, expect, test } from "vitest";
import { AbraDeployer } from "../../src/deploy/abra.ts";
import { localAbra } from "../../src/deploy/abra-binary.ts";
import type { App, DeployRequest } from "../../src/deploy/deployer.ts";
import { folderOf } from "../../src/deploy/files.ts";
import { leftOf } from "../../src/deploy/stack-objects.ts";
import { labSeconds, labStage } from "../abra/lab-stage.ts";
import { appMaker } from "../abra/recipe.ts";
import { abraSuite } from "../abra/suite.ts";
import { abraDouble, type Told } from "../support/abra-double/double.ts";

describe("the contract double of abra, on a real engine", () => {
  const binary = localAbra(abraDouble);
  const open = labStage(binary);
  const appOf = appMaker();
  abraSuite(open, { double: true, seconds: labSeconds });

  const request = (app: App, timeoutSeconds: number): DeployRequest => ({
    app,
    images: {},
    registryAuth: true,
    timeoutSeconds,
  });

  test.each<{ told: Told; status: string; message: RegExp; applied: boolean }>([
    { told: "fata", status: "fail", message: /FATA told to fail/, applied: false },
    { told: "exit", status: "fail", message: /code 3/, applied: false },
    { told: "hang", status: "info", message: /did not end within .* and was ended/, applied: false },
    { told: "dirty", status: "fail", message: /FATA .*unstaged changes/, applied: false },
    { told: "lint", status: "fail", message: /FATA .*lint/, applied: false },
    { told: "timeout", status: "fail", message: /FATA deploy timed out/, applied: true },
    { told: "rollback", status: "fail", message: /rollback_/, applied: true },
  ])("that is told $told: the deploy ends so, and nothing is left of it", async (expected) => {
    const { told, status, message, applied } = expected;
    const { host } = await open();
    const deployer = new AbraDeployer(binary);
    const app = appOf(`told-${told}`);
    const say = (words: string) =>
      host.exec(["sh", "-c", 'mkdir -p "$1" && echo "$2" > "$1/double"', "sh", folderOf(host, app), words]);
    await say(told);
    // It is ended half a minute after its time is up, and all others end by themselves.
    const outcome = await deployer.deploy(host, request(app, told === "hang" ? 1 : labSeconds.up));
    expect(outcome).toMatchObject({ status, message: expect.stringMatching(message) });
    expect((await leftOf(host.docker, app.stack)).length > 0).toBe(applied);
    await say("");
    expect(await deployer.teardown(host, app)).toMatchObject({ status: "ok" });
    expect(await leftOf(host.docker, app.stack)).toEqual([]);
  });
});
