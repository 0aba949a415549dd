import { describe, expect, it } from "vitest";
import { diagnose } from "../../../src/doctor/diagnose.ts";
import { type Check, checks, type Diagnosis } from "../../../src/doctor/diagnosis.ts";
import type { Asked, HostFacts, HubFacts } from "../../../src/doctor/facts.ts";
import { highWaterMark } from "../../../src/model/pressure.ts";
import { now, seenWith, wellFacts } from "./facts.ts";

function diagnosis(check: Check, changes: Partial<HostFacts> = {}): Diagnosis {
  const found = diagnose(wellFacts(changes), now).find((one) => one.check === check);
  if (found === undefined) throw new Error(`nothing was said of ${check}`);
  return found;
}

const asking = (changes: Partial<Asked>): Partial<HostFacts> => ({
  asked: { ...wellFacts().asked, ...changes },
});
/** The hub's answer with changes, those of the limits by name. */
function answering({ limits, ...changes }: Partial<Omit<HubFacts, "limits">> & { limits?: object }) {
  const { hub } = wellFacts();
  const known = "seen" in hub ? hub.seen.limits : {};
  return seenWith("hub", { ...changes, limits: { ...known, ...limits } });
}
const abra = { path: "/bin/abra", version: "0.13.0" };
const minutes = (number: number) => number * 60_000;
const hostClock = (ahead: number) => ({
  clock: { seen: { host: now + ahead, before: now - 20, after: now + 20 } },
});
const service = (changes: object = {}) => ({
  name: "wiki_app",
  image: "wiki:1",
  previousImage: null,
  desired: 1,
  running: 1,
  ...changes,
});

describe("diagnose", () => {
  it("says of a host on which all is well that each check is ok, in order, with nothing to do", () => {
    const diagnoses = diagnose(wellFacts(), now);
    expect(diagnoses.map(({ check }) => check)).toEqual([...checks]);
    for (const { check, status, next } of diagnoses)
      expect({ check, status, next }).toEqual({ check, status: "ok", next: null });
  });

  it.each<[Check, keyof HostFacts]>([
    ["swarm", "swarm"],
    ["disk", "disk"],
    ["clock", "clock"],
    ["docker client", "client"],
    ["deployer", "abra"],
    ["credentials", "login"],
    ["docker.io", "hub"],
    ["pull budget", "hub"],
    ["pull path", "pullPath"],
    ["services", "services"],
    ["run lock", "lock"],
    ["pulls in flight", "pulls"],
    ["other deploys", "deploys"],
    ["stack name", "taken"],
  ])("calls %s unknown where the look fails, and says why", (check, fact) => {
    const found = diagnosis(check, { [fact]: { unseen: "permission denied" } });
    expect(found).toMatchObject({ status: "unknown", next: expect.any(String) });
    // The budget refers to docker.io, which says why.
    if (check !== "pull budget") expect(found.found).toContain("permission denied");
  });

  it("calls an engine that does not answer a problem, and what only it could tell unknown", () => {
    const gone = { engine: { unseen: "connect ENOENT /var/run/docker.sock" } };
    expect(diagnosis("engine", gone)).toMatchObject({
      status: "problem",
      found: expect.stringContaining("ENOENT"),
    });
    expect(diagnosis("docker client", gone).status).toBe("unknown");
  });

  it.each<[string, Check, Partial<HostFacts>, Diagnosis["status"], RegExp]>([
    ["an engine of 20.10", "engine", seenWith("engine", { apiVersion: "1.41" }), "ok", /API 1\.41/],
    ["an engine before 20.10", "engine", seenWith("engine", { apiVersion: "1.40" }), "problem", /too old/],
    ["an API of two digits", "engine", seenWith("engine", { apiVersion: "1.9" }), "problem", /too old/],

    ["no swarm", "swarm", seenWith("swarm", { state: "inactive", manager: false }), "problem", /no swarm/],
    ["a locked swarm", "swarm", seenWith("swarm", { state: "locked", manager: false }), "problem", /locked/],
    ["a worker", "swarm", seenWith("swarm", { manager: false, nodes: 0, node: null }), "problem", /worker/],
    ["two nodes", "swarm", seenWith("swarm", { nodes: 2 }), "problem", /2 nodes.*only this one/],
    [
      "a drained node",
      "swarm",
      seenWith("swarm", { node: { state: "ready", availability: "drain" } }),
      "problem",
      /drain/,
    ],
    [
      "a node that is down",
      "swarm",
      seenWith("swarm", { node: { state: "down", availability: "active" } }),
      "problem",
      /down/,
    ],
    ["a swarm without this node", "swarm", seenWith("swarm", { node: null }), "unknown", /this node/],

    [
      "bytes just below the mark",
      "disk",
      seenWith("disk", { usedBytes: (highWaterMark - 0.001) * 100e9 }),
      "ok",
      /are free/,
    ],
    [
      "bytes at the mark",
      "disk",
      seenWith("disk", { usedBytes: highWaterMark * 100e9 }),
      "warning",
      /80 % .* is used, 20\.0 GB are free.*pressure/,
    ],
    [
      "inodes at the mark",
      "disk",
      seenWith("disk", { usedInodes: highWaterMark * 1e6 }),
      "warning",
      /inodes: 80 %.*pressure/,
    ],
    [
      "no room",
      "disk",
      seenWith("disk", { usedBytes: 99.5e9 }),
      "problem",
      /500\.0 MB are free.*a run needs/,
    ],
    ["no inodes", "disk", seenWith("disk", { usedInodes: 1e6 - 10 }), "problem", /10 inodes are free/],
    [
      "a file system that counts no inodes",
      "disk",
      seenWith("disk", { totalInodes: 0, usedInodes: 0 }),
      "ok",
      /inodes: 0 %/,
    ],

    ["a host that is a little off", "clock", hostClock(minutes(-0.9)), "ok", /docker\.io agree/],
    [
      "a host that is ahead",
      "clock",
      hostClock(minutes(3)),
      "problem",
      /^the clock of the host is \d+ (seconds|minutes) ahead of that of docker\.io$/,
    ],
    [
      "a host that is behind",
      "clock",
      hostClock(minutes(-300)),
      "problem",
      /^the clock of the host is \d hours behind that of docker\.io$/,
    ],
    [
      "this machine ahead",
      "clock",
      { ...hostClock(minutes(-3)), ...answering({ date: now - minutes(3) }) },
      "problem",
      /^the clock of this machine is \d+ (seconds|minutes) ahead of that of docker\.io$/,
    ],
    [
      "this machine behind",
      "clock",
      { ...hostClock(minutes(3)), ...answering({ date: now + minutes(3) }) },
      "problem",
      /^the clock of this machine is \d minutes behind that of docker\.io$/,
    ],
    [
      "two clocks that are each a little off",
      "clock",
      { ...hostClock(minutes(0.4)), ...answering({ date: now - minutes(0.4) }) },
      "ok",
      /agree/,
    ],
    [
      "both far off docker.io",
      "clock",
      { ...hostClock(0), ...answering({ date: now + minutes(5) }) },
      "problem",
      /the host is \d minutes behind .*; the clock of this machine is 5 minutes behind/,
    ],
    [
      "a host that is ahead, docker.io silent",
      "clock",
      { ...hostClock(minutes(3)), hub: { unseen: "ENOTFOUND" } },
      "problem",
      /host is 3 minutes ahead of that of this machine/,
    ],
    [
      "clocks that agree, docker.io silent",
      "clock",
      { ...hostClock(0), hub: { unseen: "ENOTFOUND" } },
      "ok",
      /docker\.io's clock was not seen/,
    ],
    [
      "an unseen host, and this machine off",
      "clock",
      { clock: { unseen: "lost" }, ...answering({ date: now + minutes(5) }) },
      "problem",
      /this machine/,
    ],
    [
      "clocks that are off by less than a minute in opposite ways",
      "clock",
      { ...hostClock(minutes(1.3)), ...answering({ date: now + minutes(0.7) }) },
      "problem",
      /host is \d+ seconds ahead of that of this machine/,
    ],

    [
      "a docker client that fails",
      "docker client",
      { client: { seen: { unusable: "permission denied while trying to connect" } } },
      "problem",
      /permission denied/,
    ],
    [
      "a docker client of another engine",
      "docker client",
      seenWith("client", { engine: "E2", variables: ["DOCKER_HOST"] }),
      "problem",
      /another engine.*DOCKER_HOST/,
    ],
    [
      "a DOCKER_HOST that leads to this engine",
      "docker client",
      seenWith("client", { variables: ["DOCKER_HOST", "DOCKER_TLS_VERIFY"] }),
      "ok",
      /DOCKER_HOST, DOCKER_TLS_VERIFY/,
    ],
    [
      "a variable with credentials",
      "docker client",
      seenWith("client", { variables: ["DOCKER_AUTH_CONFIG"] }),
      "warning",
      /DOCKER_AUTH_CONFIG.*as whom/,
    ],

    ["abra", "deployer", seenWith("abra", { ...abra, known: true }), "ok", /^abra 0\.13\.0$/],
    [
      "an abra of which only the version is known",
      "deployer",
      seenWith("abra", abra),
      "ok",
      /^abra 0\.13\.0$/,
    ],
    ["a new abra", "deployer", seenWith("abra", { ...abra, known: false }), "warning", /0\.13\.0.*nobody/],
    [
      "an abra that lacks something",
      "deployer",
      seenWith("abra", { ...abra, problems: ["app deploy knows no -C"] }),
      "problem",
      /knows no -C/,
    ],
    [
      "something else that is called abra",
      "deployer",
      seenWith("abra", { ...abra, version: null }),
      "problem",
      /\/bin\/abra does not answer/,
    ],
    ["no abra, though it was asked for", "deployer", asking({ deployer: "abra" }), "problem", /no abra/],
    [
      "an unusable abra that nobody asked for",
      "deployer",
      { ...asking({ deployer: "stack" }), abra: { unseen: "x" } },
      "ok",
      /stack deploy/,
    ],

    ["no login", "credentials", { login: { seen: { kind: "none" } } }, "problem", /anonymous/],
    [
      "no login, and none asked for",
      "credentials",
      { ...asking({ registryAuth: false }), login: { seen: { kind: "none" } } },
      "ok",
      /not asked for/,
    ],
    [
      "an empty entry",
      "credentials",
      { login: { seen: { kind: "unusable", by: "auths of config.json", why: "the entry is empty" } } },
      "problem",
      /entry is empty/,
    ],
    [
      "an identity token",
      "credentials",
      { login: { seen: { kind: "identity token", by: "docker-credential-x" } } },
      "unknown",
      /docker-credential-x/,
    ],
    [
      "another account",
      "credentials",
      { login: { seen: { kind: "found", by: "docker-credential-pass", account: "other" } } },
      "warning",
      /user other, by docker-credential-pass.*name keeper/,
    ],
    [
      "the account in capitals",
      "credentials",
      { login: { seen: { kind: "found", by: "x", account: "Keeper" } } },
      "ok",
      /Keeper/,
    ],

    [
      "an expired PAT",
      "docker.io",
      answering({ tokenStatus: 401, manifestStatus: null }),
      "problem",
      /keeper.*401.*expired/,
    ],
    [
      "a refused account",
      "docker.io",
      answering({ tokenStatus: 403, manifestStatus: null }),
      "problem",
      /403/,
    ],
    [
      "refused anonymous requests",
      "docker.io",
      {
        ...asking({ registryAuth: false }),
        ...answering({ tokenStatus: 401, manifestStatus: null, as: null }),
      },
      "problem",
      /nobody's name/,
    ],
    [
      "too many requests",
      "docker.io",
      answering({ tokenStatus: 429, manifestStatus: null }),
      "problem",
      /429/,
    ],
    [
      "a broken docker.io",
      "docker.io",
      answering({ tokenStatus: 503, manifestStatus: null }),
      "unknown",
      /503/,
    ],
    [
      "nobody's requests",
      "docker.io",
      { ...asking({ registryAuth: false }), ...answering({ as: null }) },
      "ok",
      /without a login/,
    ],
    // The login is there, but nobody could read it: what docker.io says to nobody is not what it would say to that.
    ["no login to try", "docker.io", answering({ as: null }), "unknown", /without one/],
    ["no login to refuse", "docker.io", answering({ tokenStatus: 401, as: null }), "unknown", /without one/],
    [
      "nobody's spent budget",
      "pull budget",
      answering({ as: null, limits: { remaining: 0 } }),
      "unknown",
      /not/,
    ],
    [
      "nobody's spent budget, in nobody's name",
      "pull budget",
      { ...asking({ registryAuth: false }), ...answering({ as: null, limits: { remaining: 0 } }) },
      "problem",
      /this machine's address is exhausted/,
    ],

    [
      "no token",
      "pull budget",
      answering({ tokenStatus: 401, manifestStatus: null }),
      "unknown",
      /could not/,
    ],
    [
      "an exhausted budget",
      "pull budget",
      answering({ limits: { remaining: 0 } }),
      "problem",
      /keeper is exhausted \(0 of 200 left\).*6 hours.*2026-11-24T02:00:00\.000Z at the latest/,
    ],
    [
      "a 429 that tells nothing more",
      "pull budget",
      answering({ manifestStatus: 429, limits: { limit: null, remaining: null, windowSeconds: null } }),
      "problem",
      /exhausted \(unknown of unknown left\)$/,
    ],
    [
      "a budget below the need",
      "pull budget",
      answering({ limits: { remaining: 39 } }),
      "problem",
      /39 of 200 .*may take 40/,
    ],
    ["a budget that just does", "pull budget", answering({ limits: { remaining: 40 } }), "ok", /40 of 200/],
    [
      "a budget of a plan that nobody knows",
      "pull budget",
      { ...asking({ pulls: null }), ...answering({ limits: { remaining: 1 } }) },
      "ok",
      /1 of 200 pulls left for keeper$/,
    ],
    [
      "no header",
      "pull budget",
      answering({ limits: { limit: null, remaining: null } }),
      "warning",
      /not known/,
    ],
    ["a broken registry", "pull budget", answering({ manifestStatus: 502 }), "unknown", /502/],

    [
      "a mirror",
      "pull path",
      seenWith("pullPath", { mirrors: ["https://m/"] }),
      "warning",
      /mirror https:\/\/m\//,
    ],
    ["a proxy", "pull path", seenWith("pullPath", { proxies: ["http://p"] }), "warning", /proxy http:\/\/p/],
    ["a hosts file", "pull path", seenWith("pullPath", { hostsFiles: ["/etc/x"] }), "warning", /\/etc\/x/],
    ["the switch", "pull path", seenWith("pullPath", { preferOffline: true }), "warning", /PREFER_OFFLINE/],
    ["an insecure docker.io", "pull path", seenWith("pullPath", { insecure: true }), "warning", /insecure/],
    [
      "an unread switch",
      "pull path",
      seenWith("pullPath", { preferOffline: null }),
      "unknown",
      /prefer-offline/,
    ],
    ["unread mirrors", "pull path", seenWith("pullPath", { mirrors: null }), "unknown", /mirror/],
    [
      "an unread switch beside a mirror",
      "pull path",
      seenWith("pullPath", { mirrors: ["https://m/"], preferOffline: null }),
      "warning",
      /mirror https.*prefer-offline switch/,
    ],

    ["a service that is up", "services", seenWith("services", { services: [service()] }), "ok", /1 service/],
    [
      "a service that is not",
      "services",
      seenWith("services", { services: [service({ running: 0 })] }),
      "warning",
      /wiki_app \(0 of 1 running\)/,
    ],
    ["a task", "services", seenWith("services", { tasksUnderway: ["a.1 (starting)"] }), "warning", /a\.1/],
    [
      "an update",
      "services",
      seenWith("services", { updating: ["a (updating)"] }),
      "warning",
      /a \(updating\)/,
    ],

    ["another run", "run lock", seenWith("lock", { held: "shared" }), "warning", /test run holds/],
    ["a prune", "run lock", seenWith("lock", { held: "alone" }), "problem", /a prune holds/],
    ["a pull", "pulls in flight", { pulls: { seen: ["/d/tmp/GetImageBlob1"] } }, "warning", /GetImageBlob1/],
    [
      "a deploy",
      "other deploys",
      { deploys: { seen: ["docker stack deploy (process 7)"] } },
      "warning",
      /process 7/,
    ],
    [
      "a volume of the stack's name",
      "stack name",
      { taken: { seen: ["volume diary_example_com_data"] } },
      "problem",
      /diary_example_com is taken by volume diary_example_com_data/,
    ],
  ])("%s: %s", (_, check, changes, status, words) => {
    const found = diagnosis(check, changes);
    expect(found).toMatchObject({ status, found: expect.stringMatching(words) });
    expect(found.next === null).toBe(status === "ok");
  });

  it("says when a refusal ends, as far as docker.io tells", () => {
    const refused = { tokenStatus: 429, manifestStatus: null, retryAfterSeconds: 600 };
    expect(diagnosis("docker.io", answering(refused)).next).toContain("10 minutes");
    const spent = { limits: { remaining: 0 }, retryAfterSeconds: 7200 };
    expect(diagnosis("pull budget", answering(spent)).next).toContain("2 hours");
  });

  it("quotes in a command to run what a shell would read", () => {
    const hostile = "x; rm -rf $HOME";
    const { next } = diagnosis(
      "docker.io",
      answering({ tokenStatus: 401, manifestStatus: null, as: hostile }),
    );
    expect(next).toContain(`docker login -u '${hostile}'`);
    const taken = { ...asking({ stack: hostile }), taken: { seen: ["service a"] } };
    expect(diagnosis("stack name", taken).next).toContain(`docker stack rm '${hostile}'`);
  });
});
