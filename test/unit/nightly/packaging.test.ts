import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { renderUnit } from "../../../src/install/units.ts";
import { webhookVariable } from "../../../src/nightly/webhook.ts";
import { tempFolder, writeScript, writeTree } from "../../support/temp.ts";
import { parseUnit } from "../../support/unit-file.ts";

const folder = fileURLToPath(new URL("../../../packaging", import.meta.url));
const text = (name: string) => readFileSync(join(folder, name), "utf8");
const unit = (name: string) => parseUnit(text(`systemd/${name}`));

describe("the nightly units", () => {
  it("start each night, at a time of the host's own, and after a night that was missed", () => {
    const { Timer, Install } = unit("pullproof-nightly.timer");
    expect(Timer).toMatchObject({ OnCalendar: [expect.stringMatching(/^\*-\*-\* \d/)], Persistent: ["yes"] });
    expect(Timer?.RandomizedDelaySec?.[0]).toMatch(/^\d+[mh]$/);
    expect(Install?.WantedBy).toEqual(["timers.target"]);
  });

  it("fail where the night does: no exit code is called a success", () => {
    const { Service } = unit("pullproof-nightly.service");
    expect(Service).toMatchObject({ Type: ["oneshot"], ExecStart: ["/usr/bin/pullproof nightly --yes"] });
    expect(Service).not.toHaveProperty("SuccessExitStatus");
    expect(Service).not.toHaveProperty("Restart");
  });

  it("keep the reports from night to night, and the webhook's URL out of the unit", () => {
    const { Service } = unit("pullproof-nightly.service");
    expect(Service?.WorkingDirectory).toEqual([`%S/${Service?.StateDirectory?.[0]}`]);
    expect(Service?.EnvironmentFile?.[0]).toMatch(/^-\/etc\//);
    expect(text("systemd/pullproof-nightly.service")).toContain(`# For ${webhookVariable}=`);
    expect(Service).not.toHaveProperty("Environment");
  });

  it("are guarded as the prune is, but for what a run needs", () => {
    const guards = (name: string) =>
      Object.entries(unit(name).Service ?? {}).filter(([setting]) =>
        /^(Lock|NoNew|Private|Protect|Restrict|SystemCall)/.test(setting),
      );
    const own = new Map(guards("pullproof-nightly.service").map(([name, value]) => [name, value.join()]));
    const missing = guards("pullproof-prune.service").filter(
      ([name, value]) => own.get(name) !== value.join(),
    );
    expect(missing.map(([name]) => name).sort()).toEqual([
      "PrivateDevices",
      "PrivateTmp",
      "RestrictAddressFamilies",
      "RestrictNamespaces",
      "RestrictSUIDSGID",
    ]);
  });

  it("are fine with systemd itself", ({ skip }) => {
    skip(spawnSync("systemd-analyze", ["--version"]).status !== 0, "systemd-analyze is missing");
    const node = writeScript(join(tempFolder(), "node"), "");
    const names = ["pullproof-nightly.service", "pullproof-nightly.timer"];
    const program = { node, main: "/opt/pullproof/src/cli/main.ts" };
    const units = names.map((name) => [name, renderUnit(text(`systemd/${name}`), program)]);
    const written = writeTree(tempFolder(), Object.fromEntries(units));
    const { stdout, stderr } = spawnSync(
      "systemd-analyze",
      ["verify", "--man=no", ...names.map((name) => join(written, name))],
      { encoding: "utf8" },
    );
    expect(`${stdout}${stderr}`.split("\n").filter((line) => line.includes("pullproof-"))).toEqual([]);
  });
});

/** The commands of a pipeline, wherever they stand in it. */
function commandsOf(pipeline: unknown): string[] {
  if (Array.isArray(pipeline)) return pipeline.flatMap(commandsOf);
  if (typeof pipeline !== "object" || pipeline === null) return [];
  return Object.entries(pipeline).flatMap(([name, value]) => {
    if (name === "run" && typeof value === "string") return [value];
    if (name === "commands" && Array.isArray(value)) return value as string[];
    return commandsOf(value);
  });
}

describe("the CI examples", () => {
  it.each(["github-actions.yml", "woodpecker.yml", "drone.yml"])(
    "%s sets up and runs the night, by a schedule",
    (name) => {
      const pipeline = parse(text(`ci/${name}`));
      const commands = commandsOf(pipeline);
      expect(commands[0]).toBe("./setup");
      expect(commands.at(-1)).toBe("npm run nightly");
      expect(JSON.stringify(pipeline)).toMatch(/"cron"|"schedule"/);
      // The URL may carry a token: it is a secret, and never in the file.
      expect(text(`ci/${name}`)).toMatch(/PULLPROOF_WEBHOOK: *(\$\{\{ secrets\.|\n *from_secret:)/);
    },
  );

  it("keep the reports of a night that went wrong, for the next one", () => {
    const { jobs } = parse(text("ci/github-actions.yml"));
    const steps = jobs.nightly.steps as { uses?: string; if?: string; with?: { path: string } }[];
    const saved = steps.find(({ uses }) => uses?.startsWith("actions/cache/save@"));
    expect(saved).toMatchObject({ if: "always()", with: { path: "reports" } });
    for (const name of ["woodpecker.yml", "drone.yml"])
      expect(commandsOf(parse(text(`ci/${name}`))).join("\n")).toMatch(/ln -s "\$HOME\/\S+" reports/);
  });
});
