import { writeFileSync } from "node:fs";
import { copyFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gauntletCell, gauntletImages } from "../../suites/gauntlet.ts";
import { readHistory } from "../check/history.ts";
import { codeOf } from "../cli/code-of.ts";
import { interruption } from "../cli/interruption.ts";
import { terminalProgress } from "../cli/terminal.ts";
import { chosen } from "../config/chosen.ts";
import { type GauntletPolicy, gauntletPolicies } from "../config/policies.ts";
import { stageOnHost } from "../deploy/files.ts";
import { claimIds } from "../model/claim.ts";
import { ExitCode } from "../model/failure.ts";
import { openBareRun } from "../runner/bare-run.ts";
import { nowhere } from "../runner/journal.ts";
import { type LaneSetting, openLane } from "../runner/open-lane.ts";
import { createRunFolder } from "../runner/run-folder.ts";
import { runHeader } from "../runner/run-header.ts";
import { runId } from "../runner/run-id.ts";
import { baseImage, imageVariant, suiteSettings } from "../runner/suite-settings.ts";
import { type Cell, cellClaims, cellOf } from "./cells.ts";
import { ensureDocuum } from "./docuum.ts";
import { cellId, type Mode, type ModeName, modes } from "./modes.ts";
import { type Row, renderGauntlet, renderVerdictTable, unexpected } from "./render.ts";

const docs = fileURLToPath(new URL("../../docs/gauntlet.md", import.meta.url));

/** Runs every policy that can be run through every mode, the modes side by side, and tells the rows of the table. */
async function gauntlet(
  policies: readonly GauntletPolicy[],
): Promise<{ rows: Row[]; folder: string; engine: string }> {
  using progress = terminalProgress();
  const docuum = policies.some(({ needs }) => needs === "docuum") ? await ensureDocuum(progress.say) : null;
  const missing = docuum !== null && "missing" in docuum ? docuum.missing : null;
  const able = policies.filter(({ needs }) => needs === undefined || missing === null);
  const folder = createRunFolder(join("reports", `gauntlet-${runId()}`)).path;
  await using bare = await openBareRun(progress, folder);
  const { setting } = bare;
  const plans = modes.map((mode) => planOf(mode, able, setting));
  const header = runHeader(
    { ...setting, recipe: setting.courier },
    {
      claims: claimIds.filter((id) => (cellClaims as readonly string[]).includes(id)),
      policy: { name: "gauntlet", title: "every policy of the gauntlet", command: "see each scenario" },
      scenarios: plans.flatMap(({ scenarios }) => scenarios),
    },
  );
  setting.journal.append("run", "runner", nowhere, header);
  const signal = interruption("the gauntlet was interrupted", "npm run gauntlet");
  await Promise.all(
    plans.map(async (plan, index) => {
      const mode = modes[index] as Mode;
      const courier = Object.values(setting.courier.images).map(imageVariant);
      const images = gauntletImages(imageVariant(baseImage), courier);
      const settings = { ...setting.settings, prepull: mode.prepull };
      await using opened = await openLane(plan, { ...setting, settings }, images);
      if (docuum !== null && "binary" in docuum)
        await stageOnHost(opened.lab.host, "/usr/local/bin", (staged) =>
          copyFile(docuum.binary, join(staged, "docuum")),
        );
      await opened.lane.run(plan.scenarios, signal);
    }),
  );
  setting.journal.append("end", "runner", nowhere, { completed: true, reason: null });
  const history = readHistory(setting.journal.entries);
  const rows = policies.map(({ policy, about, source, expected }): Row => {
    const cells = able.some((one) => one.policy.name === policy.name)
      ? (Object.fromEntries(
          modes.map(({ name }) => [name, cellOf(history, cellId(policy.name, name))]),
        ) as Record<ModeName, Cell>)
      : { skipped: missing ?? "" };
    return { title: policy.title, command: policy.command, about, source, expected, cells };
  });
  return { rows, folder, engine: history.environments[0]?.data.engine.version ?? "unknown" };
}

function planOf(
  mode: Mode,
  policies: readonly GauntletPolicy[],
  { settings, courier, deployer }: LaneSetting,
) {
  const { name, imageStore, prepull } = mode;
  const suite = { ...suiteSettings(settings, courier, deployer), imageStore, prepull };
  const scenarios = policies.map(({ policy }) => gauntletCell(suite, cellId(policy.name, name), policy));
  return { host: name, kind: "lab" as const, imageStore, small: true, scenarios };
}

try {
  const names = process.argv.slice(2);
  const { rows, folder, engine } = await gauntlet(
    chosen("there is no such prune policy", names, gauntletPolicies(), ({ policy }) => policy.name),
  );
  const date = new Date().toISOString().slice(0, 10);
  const text = renderGauntlet(rows, { date, engine, cpus: cpus().length, memoryBytes: totalmem() });
  writeFileSync(join(folder, "gauntlet.md"), text);
  // A part of the table must not pass for the whole.
  if (names.length === 0) writeFileSync(docs, text);
  process.stdout.write(`${renderVerdictTable(rows, process.stdout.columns ?? 120)}\n`);
  const surprises = unexpected(rows);
  for (const line of surprises) process.stdout.write(`not as expected: ${line}\n`);
  process.stdout.write(`table: ${names.length === 0 ? "docs/gauntlet.md, " : ""}${folder}/gauntlet.md\n`);
  process.exitCode = surprises.length === 0 ? ExitCode.pass : ExitCode.fail;
} catch (thrown) {
  process.exitCode = codeOf(thrown);
}
