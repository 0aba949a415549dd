import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { ExecResult } from "../../src/host/host.ts";
import type { LedgerEntry } from "../../src/hub/ledger.ts";
import type { Body } from "../../src/model/evidence.ts";
import { startTestLab, type TestLab } from "./lab.ts";

const repository = "pullproof/web";
const image = `${repository}:1.0.0`;

/** A real engine pulls from the hub by docker.io's names, as an operator's would. */
describe.each(["graphdriver", "containerd"] as const)(
  "hub and an engine with the %s image store",
  (store) => {
    let own: TestLab;
    let published: Body<"published">;

    beforeAll(async () => {
      own = await startTestLab(store);
      published = await own.lab.hub.publish("web", { repository, tag: "1.0.0", variant: "a" });
    });
    afterAll(() => own?.[Symbol.asyncDispose]());
    afterEach(async () => {
      const { front } = own.lab.hub;
      front.setFaults([]);
      front.setLimits({ account: null, anonymous: null });
      await onHost(`docker image rm -f ${image} || true`);
    });

    const onHost = (script: string): Promise<ExecResult> => own.lab.host.exec(["sh", "-c", script]);

    /** Runs a command on the host and returns how it ended, with the requests that it made. */
    async function watched(script: string): Promise<ExecResult & { requests: readonly LedgerEntry[] }> {
      const { front } = own.lab.hub;
      await front.idle();
      const before = front.ledger.length;
      const result = await onHost(script);
      await front.idle();
      return { ...result, requests: front.ledger.since(before) };
    }

    const layersOf = (requests: readonly LedgerEntry[]) =>
      requests.filter(({ method, media, status }) => method === "GET" && media === "layer" && status === 200);

    test("a pull runs as the account, and the ledger has every layer with its size", async () => {
      const { exitCode, stderr, requests } = await watched(`docker pull -q ${image}`);
      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
      expect(
        layersOf(requests)
          .map(({ digest, bytes }) => ({ digest, bytes }))
          .sort(byDigest),
      ).toEqual([...published.layers].sort(byDigest));
      const tokens = requests.filter(({ endpoint }) => endpoint === "token");
      expect(tokens.length).toBeGreaterThan(0);
      // The two image stores ask for tokens in two ways; both name the account.
      const way = store === "graphdriver" ? "basic" : "oauth";
      expect(tokens.map(({ account, credentials }) => [account, credentials])).toEqual(
        tokens.map(() => [own.account.name, way]),
      );
      const content = requests.filter(
        ({ endpoint, status }) => /manifest|blob/.test(endpoint) && status === 200,
      );
      expect(new Set(content.map(({ account }) => account))).toEqual(new Set([own.account.name]));
    });

    test("a second pull fetches no layer", async () => {
      await onHost(`docker pull -q ${image}`);
      const { exitCode, requests } = await watched(`docker pull -q ${image}`);
      expect(exitCode).toBe(0);
      expect(requests.some(({ endpoint }) => endpoint === "manifest")).toBe(true);
      expect(layersOf(requests)).toEqual([]);
    });

    test("a client without credentials is seen as anonymous", async () => {
      const { exitCode, requests } = await watched(`docker --config /nowhere pull -q ${image}`);
      expect(exitCode).toBe(0);
      const content = requests.filter(
        ({ endpoint, status }) => /manifest|blob/.test(endpoint) && status === 200,
      );
      expect(new Set(content.map(({ account }) => account))).toEqual(new Set([null]));
    });

    test("a wrong token is refused at login", async () => {
      const { exitCode, stderr } = await onHost(
        `echo wrong | docker --config /tmp/other login -u ${own.account.name} --password-stdin`,
      );
      expect(exitCode).not.toBe(0);
      expect(stderr).toMatch(/incorrect username or password|unauthorized/i);
    });

    test("a spent budget is told to the user as Docker Hub tells it", async () => {
      own.lab.hub.front.setLimits({ account: { limit: 0, windowSeconds: 3600 }, anonymous: null });
      const { exitCode, stderr, requests } = await watched(`docker pull -q ${image}`);
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain("toomanyrequests: You have reached your pull rate limit");
      expect(requests.some(({ status }) => status === 429)).toBe(true);
      expect(layersOf(requests)).toEqual([]);
    });

    test.each([
      { name: "a server error", fault: { kind: "status", on: "manifest", status: 500 } },
      { name: "a tag that vanished", fault: { kind: "vanished" } },
      { name: "wrong content for a digest", fault: { kind: "corrupt", on: "blob" } },
    ] as const)("$name fails the pull, and the image does not enter the store", async ({ fault }) => {
      own.lab.hub.front.setFaults([{ id: "fault", repository, ...fault }]);
      const { exitCode, requests } = await watched(`docker pull -q ${image}`);
      expect(exitCode).not.toBe(0);
      expect(requests.some((request) => request.fault === "fault")).toBe(true);
      const { stdout } = await onHost(`docker images -q ${repository}`);
      expect(stdout).toBe("");
    });

    test("a truncated layer is cut short in the ledger", async () => {
      // An image that was never pulled: the containerd store keeps the layers of a removed one for a while.
      const fresh = await own.lab.hub.publish("web", { repository, tag: "2.0.0", variant: "b" });
      const [layer] = fresh.layers.slice(-1);
      if (layer === undefined) throw new Error("the fixture has no layer");
      const cut = 1000;
      own.lab.hub.front.setFaults([
        { id: "cut", repository, reference: layer.digest, kind: "truncate", on: "blob", bytes: cut },
      ]);
      const { requests } = await watched(`timeout 5 docker pull -q ${repository}:2.0.0`);
      const struck = requests.filter(({ fault }) => fault === "cut");
      expect(struck.length).toBeGreaterThan(0);
      expect(struck.every(({ bytes, complete }) => bytes === cut && !complete)).toBe(true);
    });
  },
);

function byDigest(a: { digest: string | null }, b: { digest: string | null }): number {
  return String(a.digest).localeCompare(String(b.digest));
}
