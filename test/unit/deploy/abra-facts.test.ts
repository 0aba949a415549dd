import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { probeAbra, seenFlags, unconfirmedFlags } from "../../../src/deploy/abra-facts.ts";
import { HostDouble } from "../../support/host-double.ts";
import { tempFolder } from "../../support/temp.ts";

type Flags = Readonly<Record<string, readonly string[]>>;

const listed = (flags: Flags) =>
  Object.entries(flags).flatMap(([command, names]) => names.map((name) => `${command} ${name}`));

interface Claims {
  version?: string;
  flags?: Flags;
  /** How a flag's line looks in a help text. */
  line?: (flag: string) => string;
  /** What it prints for the help of a command that it does not have: that of the group. */
  fallback?: string;
  exitCode?: number;
}

/** A host with an abra that tells this about itself. */
function hostWith({
  version = "0.13.0-beta-06a57de",
  flags = seenFlags,
  line = (flag) => `  ${flag}   what it does`,
  fallback = "Usage:\n  abra [command]\n\nFlags:\n  -f, --force\n  -a, -v\n      --prune\n",
  exitCode = 0,
}: Claims = {}): HostDouble {
  return new HostDouble().answer(({ command }) => {
    if (command[0] === "sh") return { stdout: "/usr/local/bin/abra\n" };
    const words = command.slice(command.indexOf("/usr/local/bin/abra") + 1);
    if (words.at(-1) === "--version") return { stdout: `abra version ${version}\n` };
    const asked = words.slice(0, -1).join(" ");
    const own = flags[asked];
    const help = own && `Usage:\n  abra ${asked} <domain> [flags]\n\nFlags:\n${own.map(line).join("\n")}\n`;
    return { exitCode, stdout: help ?? fallback };
  });
}

describe("probeAbra", () => {
  it("confirms each flag that was seen in use and that the help lists", async () => {
    const facts = await probeAbra(hostWith());
    expect(facts).toEqual({
      path: "/usr/local/bin/abra",
      version: "0.13.0-beta-06a57de",
      known: true,
      confirmed: listed(seenFlags),
      unconfirmed: [],
      problems: [],
    });
  });

  it.each<[string, (flag: string) => string]>([
    [
      "with another name",
      (flag) => (flag.startsWith("--") ? `      ${flag} string` : `  ${flag}, --long-name   x`),
    ],
    ["behind another name", (flag) => `   --other value, ${flag} value  x`],
    ["with a value", (flag) => `   ${flag}=VALUE`],
    ["in colour", (flag) => `  \u001b[1m${flag}\u001b[0m  x`],
  ])("reads a flag %s", async (_, line) => {
    expect((await probeAbra(hostWith({ line }))).problems).toEqual([]);
  });

  it("reports a flag that was seen in use and that the help does not list, and takes none that begins alike", async () => {
    const flags = { ...seenFlags, "app deploy": ["-n", "--chaos", "-Cx", "-c", "-o", "-f", "-D"] };
    const facts = await probeAbra(hostWith({ flags }));
    expect(facts.confirmed).not.toContain("app deploy -C");
    expect(facts.problems).toEqual([expect.stringContaining("app deploy -C")]);
  });

  it("reports a command that is not there, whose help is that of its group", async () => {
    const { "app secret generate": _, ...flags } = seenFlags;
    const facts = await probeAbra(hostWith({ flags }));
    expect(facts.problems).toEqual([expect.stringContaining("app secret generate -a")]);
  });

  it("tells which flags exist that were never confirmed", async () => {
    const facts = await probeAbra(
      hostWith({ flags: { ...seenFlags, ...unconfirmedFlags, "app undeploy": ["-n"] } }),
    );
    expect(facts.unconfirmed).toEqual(listed(unconfirmedFlags).filter((flag) => !flag.includes("undeploy")));
    expect(facts.problems).toEqual([]);
  });

  it("believes no help that ends badly, and then asks nothing of commands that could remove something", async () => {
    const host = hostWith({ exitCode: 1 });
    const facts = await probeAbra(host);
    expect(facts.confirmed).toEqual([]);
    expect(
      host.executed.map(({ command }) => command.join(" ")).filter((line) => /prune|volume/.test(line)),
    ).toEqual([]);
    expect(facts.problems).toHaveLength(listed(seenFlags).length);
  });

  it.each(["0.14.0-beta", "0.13.0", "0.1.0-beta", "10.13.0-beta"])(
    "does not know version %s",
    async (version) => {
      expect(await probeAbra(hostWith({ version }))).toMatchObject({ version, known: false, problems: [] });
    },
  );

  it("asks nothing more of what does not answer like abra", async () => {
    const host = new HostDouble().answer(() => ({ stdout: "/usr/bin/abra\n" }));
    const facts = await probeAbra(host);
    expect(facts).toMatchObject({ version: null, known: false, confirmed: [] });
    expect(facts.problems).toEqual([expect.stringContaining("/usr/bin/abra")]);
    expect(host.executed).toHaveLength(2);
  });

  it("tells of a host without abra that it has none", async () => {
    const host = new HostDouble().answer(() => ({ exitCode: 127 }));
    expect(await probeAbra(host)).toMatchObject({ path: null, version: null, problems: [] });
  });

  it("asks the one that is named, where one is named", async () => {
    const host = hostWith();
    expect(await probeAbra(host, join(tempFolder(), "abra"))).toMatchObject({
      version: "0.13.0-beta-06a57de",
    });
    expect(host.executed.map(({ command }) => command[0])).not.toContain("sh");
  });

  it("asks only for versions and help: nothing that could change the host", async () => {
    const host = hostWith();
    await probeAbra(host);
    const asked = host.executed.slice(1).map(({ command }) => command.at(-1));
    expect(new Set(asked)).toEqual(new Set(["--version", "--help"]));
  });
});
