import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spentIn } from "../../src/check/budget-in-step.ts";
import { layerTraffic } from "../../src/check/bytes.ts";
import { readHistory, type StepHistory, stepsThat, witnessAgent } from "../../src/check/history.ts";
import { judge } from "../../src/check/judge.ts";
import { parseEvidence } from "../../src/check/stored-run.ts";
import { fixtureRecipes } from "../../src/deploy/fixture-recipes.ts";
import type { Entry } from "../../src/model/evidence.ts";
import type { Judgement } from "../../src/model/verdict.ts";
import { inventory } from "../../src/witness/inventory.ts";
import { doubleTold, type Told } from "../support/abra-double/double.ts";
import { CommandLine } from "../support/command-line.ts";
import { reachBySsh, sshName } from "../support/lab-ssh.ts";
import { startTestLab, type TestLab } from "./lab.ts";

let own: TestLab;
let reach: NodeJS.ProcessEnv;
const folder = mkdtempSync(join(tmpdir(), "pp-test-"));

beforeAll(async () => {
  own = await startTestLab("graphdriver");
  const { host, hub, container } = own.lab;
  // What the recipe for live hosts names: at this hub they are fixtures with an image of that name.
  await hub.publish("worker", { repository: "library/busybox", tag: "1.36.1", variant: "a" });
  await hub.publish("store", { repository: "library/alpine", tag: "3.20.3", variant: "a" });
  for (const name of ["worker", "store"])
    await hub.publish(name, { repository: `pullproof/${name}`, tag: "1.0.0", variant: "a" });
  reach = await reachBySsh(host, container, folder);
});

afterAll(async () => {
  rmSync(folder, { recursive: true });
  await own?.[Symbol.asyncDispose]();
});

interface LiveEnd {
  code: number | null;
  said: string;
  entries: Entry[];
  judgement: Judgement;
}

function ended(code: number | null, said: string, evidence: string): LiveEnd {
  const { entries } = parseEvidence(evidence, true);
  return { code, said, entries, judgement: judge(entries) };
}

/** A run on the host itself, at its own socket. */
async function onTheHost(...options: string[]): Promise<LiveEnd> {
  const { host } = own.lab;
  const runFolder = "/root/live-run";
  await host.exec(["rm", "-rf", runFolder]);
  const verify = ["pullproof", "verify", "--host", "live", "--yes", "--run-dir", runFolder, ...options];
  const { exitCode, stdout, stderr } = await host.exec(verify);
  const evidence = await host.exec(["cat", `${runFolder}/evidence.jsonl`]);
  return ended(exitCode, `${stdout}${stderr}`, evidence.stdout);
}

/** A run from this machine. */
async function fromHere(...options: string[]): Promise<LiveEnd> {
  const here = new CommandLine(reach);
  const verify = ["verify", "--host", "live", "--yes", "--run-dir", "run", ...options];
  const { code, stdout, stderr } = await here.run(...verify);
  return ended(code, `${stdout}${stderr}`, readFileSync(join(here.cwd, "run", "evidence.jsonl"), "utf8"));
}

const gaps = ({ entries }: LiveEnd) => entries.flatMap((entry) => (entry.kind === "gap" ? [entry.data] : []));

const verdicts = ({ judgement }: LiveEnd) =>
  Object.fromEntries(
    judgement.claims.filter(({ verdict }) => verdict !== "skipped").map(({ id, verdict }) => [id, verdict]),
  );

const allPass = {
  "PC1.4": "pass",
  "PC2.1": "pass",
  "PC2.2": "pass",
  "PC2.4": "pass",
  "PC3.1": "pass",
  G3: "pass",
};

/** What the hub's ledger has of a step: the witness that a live host does not have. */
function byLedger({ entries }: LiveEnd, step: StepHistory) {
  const [from, to] = [step.invoke.wall, entries.find(({ seq }) => seq === step.outcome?.seq)?.wall ?? ""];
  const requests = own.lab.hub.front.ledger
    .since(0)
    .filter(({ wall, userAgent }) => wall >= from && wall <= to && !userAgent.startsWith(witnessAgent));
  const sent = requests.filter(
    ({ media, method, bytes }) => media === "layer" && method === "GET" && bytes > 0,
  );
  const counted = (account: string | null) =>
    requests.filter((request) => request.counted && request.account === account).length;
  return {
    layers: new Set(sent.map(({ digest }) => digest)).size,
    account: counted(own.account.name),
    anonymous: counted(null),
  };
}

/** Asserts that in each deploy the live witnesses say what the ledger knows. */
function expectAgreement(run: LiveEnd): void {
  const history = readHistory(run.entries);
  const deploys = stepsThat(history, "deploy");
  expect(deploys.length).toBeGreaterThan(1);
  for (const step of deploys) {
    const told = {
      layers: layerTraffic(history, step).layers,
      account: spentIn(step, "account"),
      anonymous: spentIn(step, "anonymous"),
    };
    expect({ [step.plan.id]: told }).toEqual({ [step.plan.id]: byLedger(run, step) });
  }
}

/** Comes and goes in a second or two, which a recipe with a network of its own does not. */
const quick = ["--recipe", fixtureRecipes.courier];
const byStack = ["--deployer", "stack"];
/** The same, where the host has pullproof. */
const quickThere = ["--recipe", "/usr/lib/pullproof/fixtures/recipes/courier"];

describe("a live run", () => {
  it("on the host itself says what the hub's ledger knows, and leaves nothing but the images", async () => {
    const { docker } = own.lab.host;
    const before = await inventory(docker);
    const run = await onTheHost();
    expect(verdicts(run), run.said).toEqual(allPass);
    expectAgreement(run);
    const [first] = stepsThat(readHistory(run.entries), "deploy");
    expect(first?.plan.expect).toBe("cold");
    expect(await inventory(docker)).toEqual(before);
    const { stdout } = await own.lab.host.exec(["sh", "-c", "ls -d /tmp/pullproof-* /var/tmp/pullproof-*"]);
    expect(stdout).toBe("");
  });

  it.each([
    ["ssh://", ["--docker-host", `ssh://${sshName}`]],
    ["a context", ["--context", sshName]],
  ])("over %s comes to the same verdicts", async (_, options) => {
    const run = await fromHere(...quick, ...options);
    expect(gaps(run)).toEqual([]);
    expect(verdicts(run), run.said).toEqual(allPass);
    expectAgreement(run);
    expect(run.said).not.toContain(own.account.pat);
    expect(JSON.stringify(run.entries)).not.toContain(own.account.pat);
  });

  it("sees pulls that run as nobody", async () => {
    const run = await onTheHost(...quickThere, ...byStack, "--no-registry-auth");
    expectAgreement(run);
    expect(verdicts(run), run.said).toMatchObject({ "PC2.1": "fail", "PC2.4": "fail", "PC3.1": "pass" });
  });

  /** Which account abra's pulls run as is open: whichever it is, the evidence has to tell. */
  it.each<{ sends: string; told: Told[]; verdict: string }>([
    { sends: "its credentials", told: ["registry-auth"], verdict: "pass" },
    { sends: "none", told: [], verdict: "fail" },
  ])(
    "sees as whom an abra pulls that is installed on the host and sends $sends",
    async ({ told, verdict }) => {
      const { host } = own.lab;
      const staged = mkdtempSync(join(folder, "abra-"));
      doubleTold(join(staged, "abra"), ...told);
      await host.copyIn(staged, "/usr/local/bin");
      const run = await onTheHost(...quickThere, "--deployer", "abra");
      expectAgreement(run);
      expect(verdicts(run), run.said).toMatchObject({ "PC2.1": verdict, "PC3.1": "pass", "PC1.4": "pass" });
      expect(run.said).toContain("contract double, not abra");
      const { stdout: report } = await host.exec(["cat", "/root/live-run/report.md"]);
      expect(report).toContain("contract double, not abra");
    },
  );

  it("sees what the host's own prune run costs", async () => {
    const run = await onTheHost(
      ...quickThere,
      ...byStack,
      "--prune",
      "docker image prune -f",
      "--allow-prune",
    );
    expectAgreement(run);
    expect(verdicts(run), run.said).toMatchObject({
      "PC1.1": "fail",
      "PC2.2": "fail",
      "PC2.4": "fail",
      "PC3.1": "fail",
      "PC1.4": "pass",
      "PC2.1": "pass",
    });
  });

  it("says nothing of layers while somebody else downloads", async () => {
    const { host } = own.lab;
    // More than any layer, again and again, for as long as the file is there.
    const script = `
      import { existsSync } from "node:fs";
      const answer = await fetch("https://auth.docker.io/token?service=registry.docker.io&scope=repository:library/alpine:pull");
      const { token } = await answer.json();
      const get = async (path, accept) =>
        fetch("https://registry-1.docker.io/v2/library/alpine/" + path, { headers: { authorization: "Bearer " + token, accept } });
      const manifest = await (await get("manifests/3.20.3", "application/vnd.docker.distribution.manifest.v2+json")).json();
      while (existsSync("/tmp/download")) for (const { digest } of manifest.layers) await (await get("blobs/" + digest)).arrayBuffer();
    `;
    await host.exec(["touch", "/tmp/download"]);
    const node = ["/usr/lib/pullproof/node_modules/.bin/node", "--input-type=module", "--eval", script];
    const download = host.exec(node, { NODE_EXTRA_CA_CERTS: "/etc/ssl/certs/ca-certificates.crt" });
    try {
      const run = await onTheHost(...quickThere, ...byStack);
      const undecided = { "PC2.2": "inconclusive", "PC2.4": "inconclusive", "PC3.1": "inconclusive" };
      expect(verdicts(run), run.said).toMatchObject(undecided);
    } finally {
      await host.exec(["rm", "/tmp/download"]);
    }
    expect(await download).toMatchObject({ exitCode: 0 });
  });
});
