import { type Command, Option } from "commander";
import type { Resolved } from "../config/layers.ts";
import { resolveSettings, type Settings, settingsSchema } from "../config/settings.ts";
import { ExitCode, Failure } from "../model/failure.ts";

/** An option that is a setting. */
interface SettingOption {
  key: keyof Settings;
  option: Option;
  /** The setting's value from what commander made of the option; that itself by default. */
  read?: (given: string) => unknown;
}

const { reboot, imageStore, deployer } = settingsSchema.shape;

/** In the order in which the help lists them. */
const settingOptions: readonly SettingOption[] = [
  {
    key: "hosts",
    option: new Option(
      "--host <kinds>",
      "hosts under test: some of lab, vm (a virtual machine that truly reboots), live (an existing server)",
    ),
    read: (kinds) => kinds.split(","),
  },
  {
    key: "hosts",
    option: new Option(
      "--quick",
      "leave the virtual machine out; whether the store survives a reboot is then not judged",
    ).conflicts("host"),
    read: () => ["lab"],
  },
  { key: "context", option: new Option("--context <name>", "Docker context of the live host") },
  {
    key: "dockerHost",
    option: new Option(
      "--docker-host <url>",
      "engine of the live host: ssh://user@host or unix:///path",
    ).conflicts("context"),
  },
  {
    key: "allowPrune",
    option: new Option("--allow-prune", "carry the prune run out on the live host, if --prune names one"),
  },
  { key: "allowReboot", option: new Option("--allow-reboot", "reboot the live host") },
  {
    key: "reboot",
    option: new Option("--reboot <manner>", "how the virtual machine is rebooted").choices(
      reboot.unwrap().options,
    ),
  },
  {
    key: "imageStore",
    option: new Option("--image-store <store>", "image store of the lab's engine").choices(
      imageStore.unwrap().options,
    ),
  },
  {
    key: "deployer",
    option: new Option("--deployer <name>", "how the recipe is deployed").choices(deployer.unwrap().options),
  },
  {
    key: "registryAuth",
    option: new Option("--no-registry-auth", "deploy without sending registry credentials"),
  },
  { key: "prepull", option: new Option("--prepull", "pull each image by tag before a deploy") },
  {
    key: "prune",
    option: new Option(
      "--prune <policy>",
      "prune run to judge: a policy's name, or a shell command for the host",
    ),
  },
  {
    key: "recipe",
    option: new Option(
      "--recipe <recipe>",
      "abra recipe to deploy: its folder, or a name below ~/.abra/recipes",
    ),
  },
  {
    key: "audit",
    option: new Option("--audit <paths>", "harness, janitor and CI code to audit, with commas between paths"),
    read: (paths) => paths.split(","),
  },
  {
    key: "documents",
    option: new Option(
      "--documents <paths>",
      "where operators look for the prune policy, with commas between paths",
    ),
    read: (paths) => paths.split(","),
  },
  {
    key: "samples",
    option: new Option("--samples <n>", "cold and warm deploys to time").argParser(Number),
  },
  { key: "seed", option: new Option("--seed <text>", "decides the content of the fixture's layers") },
];

/** What is of no use unless a live host is judged. */
const liveOnly: readonly (keyof Settings)[] = ["context", "dockerHost", "allowPrune", "allowReboot"];

/** Adds the options that are settings to a command. */
export function addSettingOptions(command: Command): Command {
  for (const { option } of settingOptions) command.addOption(option);
  return command;
}

/**
 * The settings with the options that were given to a command on top. Throws a Failure: as `resolveSettings` does, and
 * usage where an option is about a live host and none is to be judged.
 */
export function chosenSettings(command: Command): Resolved<Settings> {
  // An option that was not given may have a value all the same: that of --no-registry-auth is true then.
  const given = settingOptions.filter(
    ({ option }) => command.getOptionValueSource(option.attributeName()) === "cli",
  );
  const values = given.map(({ key, option, read }) => {
    const value: unknown = command.getOptionValue(option.attributeName());
    return [key, read === undefined ? value : read(String(value))];
  });
  const resolved = resolveSettings({
    values: Object.fromEntries(values),
    flags: Object.fromEntries(given.map(({ key, option }) => [key, option.long ?? key])),
  });
  const idle = given.find(({ key }) => liveOnly.includes(key));
  if (idle !== undefined && !resolved.settings.hosts.includes("live"))
    throw new Failure(ExitCode.usage, {
      what: "an option is about a live host, and none is to be judged",
      seen: `${idle.option.long} with the hosts ${resolved.settings.hosts.join(", ")}`,
      next: `add --host live, or leave out ${idle.option.long}`,
    });
  return resolved;
}
