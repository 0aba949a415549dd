import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { request } from "undici";
import { describe, expect, it, onTestFinished } from "vitest";
import { hostDispatcher } from "../../../src/host/dispatcher.ts";
import { processStream } from "../../../src/host/process.ts";
import { accountedUnits, ipAccounting } from "../../../src/witness/accounting.ts";
import { interfaceTo } from "../../../src/witness/route.ts";
import { HostDouble, runHere } from "../../support/host-double.ts";
import { tempFolder, writeScript } from "../../support/temp.ts";

/** A host with programs of its own before this machine's. */
function hostWith(programs: Record<string, string>): HostDouble {
  const bin = join(tempFolder(), "bin");
  for (const [name, script] of Object.entries(programs)) writeScript(join(bin, name), script);
  return new HostDouble().answer(({ command }) => runHere(command, { PATH: `${bin}:/usr/bin:/bin` }));
}

describe("interfaceTo", () => {
  const ip = (line: string) =>
    `[ "$*" = "-oneline route get 192.0.2.7" ] || { echo "asked for $*" >&2; exit 2; }\necho "${line}"`;
  const v4 = `[ "$1" = ahostsv4 ] || exit 2; echo "192.0.2.7 STREAM $2"; echo "192.0.2.8 DGRAM"`;
  const route = "192.0.2.7 via 10.0.0.1 dev eth7 src 10.0.0.2 uid 0";

  it("is the one that the kernel would send over", async () => {
    expect(await interfaceTo(hostWith({ getent: v4, ip: ip(route) }), "registry-1.docker.io")).toBe("eth7");
  });

  it("takes the newer protocol where there is no older address", async () => {
    const v6 = `[ "$1" = ahosts ] || exit 2; echo "192.0.2.7 STREAM"`;
    expect(await interfaceTo(hostWith({ getent: v6, ip: ip(route) }), "registry-1.docker.io")).toBe("eth7");
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ["the name has no address", { getent: "exit 2", ip: ip(route) }, /no route to x:/],
    [
      "there is no way",
      { getent: v4, ip: "echo RTNETLINK answers: Network is unreachable >&2; exit 2" },
      /unreachable/,
    ],
    ["the answer names none", { getent: v4, ip: ip("unreachable 192.0.2.7") }, /no route to x: unreachable/],
    ["a tool is missing", { getent: v4, ip: "exit 127" }, /code 127/],
    [
      "the answer names one and is an error all the same",
      { getent: v4, ip: `echo "${route}"; exit 1` },
      /no route/,
    ],
  ])("throws where %s", async (_, programs, message) => {
    await expect(interfaceTo(hostWith(programs), "x")).rejects.toThrow(message);
  });

  it("takes a name for a name, whatever it holds", async () => {
    const getent = `printf '%s' "$2" > "$0.asked"; exit 2`;
    const host = hostWith({ getent, ip: ip(route) });
    await expect(interfaceTo(host, "x; touch /tmp/y")).rejects.toThrow("no route to x; touch /tmp/y");
  });
});

describe("accounting", () => {
  /** systemd that counts some units. */
  const systemctl = (bytes: Record<string, string>) =>
    `[ "$1 $2 $3" = "show --property=IPIngressBytes --value" ] || exit 9
case $4 in ${Object.entries(bytes)
      .map(([unit, said]) => `${unit}) echo "${said}" ;;`)
      .join(" ")} *) echo "[no data]" ;; esac`;
  const host = (bytes: Record<string, string>) => hostWith({ systemctl: systemctl(bytes) });
  const [engine, containerd] = ["docker.service", "containerd.service"];

  it.each<[Record<string, string>, string[]]>([
    [{ [engine]: "7", [containerd]: "0" }, [engine, containerd]],
    [{ [engine]: "7" }, [engine]],
    // What the engine itself receives is missing then, and half a count is none.
    [{ [containerd]: "7" }, []],
    [{ [engine]: "18446744073709551615", [containerd]: "1" }, []],
    [{ [engine]: "" }, []],
    [{ [engine]: "-1" }, []],
    [{}, []],
  ])("of %j is by %j", async (bytes, units) => {
    expect(await accountedUnits(host(bytes))).toEqual(units);
  });

  it("is none without systemd", async () => {
    expect(await accountedUnits(hostWith({ systemctl: "exit 127" }))).toEqual([]);
    expect(await accountedUnits(hostWith({ systemctl: "echo 7; exit 1" }))).toEqual([]);
  });

  it("adds up what its units received", async () => {
    const units = [engine, containerd];
    expect(await ipAccounting(host({ [engine]: "40", [containerd]: "2" }), units)).toEqual({
      units,
      rxBytes: 42,
    });
  });

  it("throws, so that a gap shows, when a unit is counted no more", async () => {
    await expect(ipAccounting(host({ [engine]: "40" }), [engine, containerd])).rejects.toThrow(containerd);
  });
});

describe("a dispatcher over a host's connection", () => {
  const ask = async (dial: Parameters<typeof hostDispatcher>[0]["dial"]) => {
    const dispatcher = hostDispatcher({ dial });
    onTestFinished(() => dispatcher.destroy());
    return request("https://registry-1.docker.io/v2/", { dispatcher });
  };

  it("dials the name and the port from the host", async () => {
    const dialed: unknown[] = [];
    const thrown = ask((name, port) => {
      dialed.push([name, port]);
      return processStream("/bin/true", []);
    });
    await expect(thrown).rejects.toThrow();
    expect(dialed).toEqual([["registry-1.docker.io", 443]]);
  });

  it.each<[string, () => Parameters<typeof hostDispatcher>[0]["dial"]]>([
    ["whose program is missing", () => () => processStream(join(tempFolder(), "none"), [])],
    ["that nobody answers", () => () => connect(join(tempFolder(), "none.sock"))],
    ["that ends at once", () => () => processStream("/bin/false", [])],
    ["that speaks no TLS", () => () => processStream("/bin/echo", ["HTTP/1.1 200 OK"])],
  ])("rejects over one %s, and ends nothing else", async (_, dial) => {
    await expect(ask(dial())).rejects.toThrow();
  });

  it("trusts nobody whom this machine does not", async () => {
    const { createCertificates } = await import("../../../src/hub/certificates.ts");
    const { createServer: createTls } = await import("node:tls");
    const { cert, key } = await createCertificates();
    const socket = join(tempFolder(), "tls.sock");
    const server = createTls({ cert, key }).on("tlsClientError", () => {});
    server.listen(socket);
    await once(server, "listening");
    onTestFinished(() => void server.close());
    await expect(ask(() => connect(socket))).rejects.toThrow(/certificate/);
  });
});
