import type { Command } from "commander";
import { otherVariables } from "../config/environment.ts";
import { valueAt } from "../config/keys.ts";
import { settingKeys } from "../config/settings.ts";
import { visible } from "../report/escape.ts";
import { renderSettings, renderSettingsJson } from "../report/settings.ts";
import { addSettingOptions, chosenSettings } from "./setting-options.ts";
import { print } from "./terminal.ts";

/** `pullproof config`: show each setting and where its value came from. */
export function addConfig(program: Command): void {
  addSettingOptions(
    program
      .command("config")
      .description(
        "show each setting of a verification and where it came from, with options as verify has them",
      ),
  )
    .option("--json", "print the settings as JSON")
    .action(({ json }: { json?: boolean }, command: Command) => {
      const { settings, origins } = chosenSettings(command);
      const shown = settingKeys.map(({ name, path }) => ({
        key: name,
        value: valueAt(settings, path),
        ...(origins[name] ?? { source: "default" as const, where: null }),
      }));
      print(json ? renderSettingsJson(shown) : renderSettings(shown, process.stdout.columns ?? 120));
      const others = otherVariables(process.env, settingKeys);
      if (others.length > 0)
        process.stderr.write(`no settings, and left alone: ${others.map(visible).join(", ")}\n`);
    });
}
