import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type Endpoint, endpointOf, endpointTitle, parseEndpoint } from "../../../src/host/endpoint.ts";
import { ExitCode, type Failure } from "../../../src/model/failure.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";
import { thrownBy } from "../../support/thrown-by.ts";

const ssh = (destination: string, port: string | null = null): Endpoint => ({
  kind: "ssh",
  destination,
  port,
});

describe("parseEndpoint", () => {
  it.each<[string, Endpoint, string?]>([
    ["unix:///var/run/docker.sock", { kind: "local", socketPath: "/var/run/docker.sock" }],
    ["unix:///run/my engine.sock", { kind: "local", socketPath: "/run/my engine.sock" }],
    ["ssh://server", ssh("server")],
    ["ssh://server/", ssh("server"), "ssh://server"],
    ["ssh://root@server.example.org:2222", ssh("root@server.example.org", "2222")],
    ["ssh://192.0.2.7:1", ssh("192.0.2.7", "1")],
    ["ssh://[2001:db8::7]", ssh("2001:db8::7")],
    ["ssh://root@[::1]:22", ssh("root@::1", "22")],
  ])("reads %s, and shows it as it was", (text, endpoint, title = text) => {
    expect(parseEndpoint(text, "--docker-host")).toEqual(endpoint);
    expect(endpointTitle(endpoint)).toBe(title);
  });

  it.each([
    "",
    "server",
    "tcp://server:2375",
    "http://server",
    "https://server",
    "npipe:////./pipe/docker_engine",
    "unix://",
    "unix:///",
    "unix://relative.sock",
    "unix:///run/a\nb.sock",
    "unix:///run/\u001b[2J.sock",
    "ssh://",
    "ssh:///run/docker.sock",
    "ssh://server/run/docker.sock",
    "ssh://server:0",
    "ssh://server:65536",
    "ssh://server:22:22",
    "ssh://server:ssh",
    "ssh://::1",
    "ssh://[server]",
    "ssh://[::1",
    "ssh://-oProxyCommand=touch%20x",
    "ssh://-oProxyCommand=x@server",
    "ssh://root@-oProxyCommand=x",
    "ssh://my server",
    "ssh://server\nother",
    "ssh://server;reboot",
    "ssh://$(reboot)",
    "ssh://server?x=1",
    "SSH://server",
  ])("refuses %j", (text) => {
    expect(() => parseEndpoint(text, "--docker-host")).toThrow(
      expect.objectContaining({ exitCode: ExitCode.usage, next: expect.stringContaining("ssh://USER@HOST") }),
    );
  });

  it.each(["ssh://keeper:hunter2@server", "ssh://keeper:h@nter2@server", "keeper:hunter2@server"])(
    "says nothing of the password in %s",
    async (text) => {
      const { message, seen } = (await thrownBy(() => parseEndpoint(text, "context c"))) as Failure;
      expect(seen).toMatch(/^context c: (ssh:\/\/)?…@server;/);
      expect(message).not.toMatch(/nter2/);
    },
  );
});

describe("endpointOf", () => {
  /** Lets a double of docker's client be the only one here. */
  function client(script: string): void {
    const bin = join(tempFolder(), "bin");
    writeScript(join(bin, "docker"), script);
    vi.stubEnv("PATH", `${bin}:/usr/bin:/bin`);
    onTestFinished(() => void vi.unstubAllEnvs());
  }

  /** Contexts by name; a name that is taken for an option is an error, as of docker's own client. */
  const contexts = (address: string) => `
[ "$1 $2" = "context inspect" ] || exit 9
shift 4
case $1 in --) shift ;; -*) echo "unknown flag: $1" >&2; exit 125 ;; esac
[ "$1" = here ] || [ "$1" = -here ] || { echo "context \\"$1\\": not found" >&2; exit 1; }
echo '${address}'`;

  it("is this machine's own engine where nothing is named", async () => {
    expect(await endpointOf({})).toEqual({ kind: "local", socketPath: "/var/run/docker.sock" });
  });

  it("is where a context leads, before any address", async () => {
    client(contexts("ssh://root@server"));
    expect(await endpointOf({ context: "here", dockerHost: "ssh://other" })).toEqual(ssh("root@server"));
  });

  it("takes a name that begins as an option does for a name", async () => {
    client(contexts("ssh://server"));
    expect(await endpointOf({ context: "-here" })).toEqual(ssh("server"));
  });

  it("refuses a context of an engine on TCP, and says which", async () => {
    client(contexts("tcp://server:2376"));
    await expect(endpointOf({ context: "here" })).rejects.toMatchObject({
      exitCode: ExitCode.usage,
      seen: expect.stringContaining("context here: tcp://server:2376"),
    });
  });

  it("tells what docker says of a context that it does not know, and no password of it", async () => {
    client(`echo "cannot read tcp://me:hunter2@server" >&2; exit 1`);
    await expect(endpointOf({ context: "../gone" })).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: "cannot read tcp://…@server",
      next: "docker context ls",
    });
  });

  it("says that docker's client is missing", async () => {
    vi.stubEnv("PATH", tempFolder());
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(endpointOf({ context: "here" })).rejects.toMatchObject({
      exitCode: ExitCode.unavailable,
      seen: expect.stringContaining("ENOENT"),
    });
  });
});
