import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { deliver, type NightMessage } from "../../../src/nightly/webhook.ts";
import { CommandLine } from "../../support/command-line.ts";

const message: NightMessage = {
  run: "20260101-030405-000a",
  overall: "fail",
  regressions: [{ kind: "verdict", subject: "PC1.1", before: "pass", tonight: "fail", change: "worse" }],
  exitCode: ExitCode.fail,
  error: null,
};

/** A receiver on loopback; gone when the test is over. */
async function receiver(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe("a webhook", () => {
  it("is told of the night in JSON, once", async () => {
    const got: unknown[] = [];
    const origin = await receiver(async (request, response) => {
      const { method, url, headers } = request;
      got.push({ method, url, type: headers["content-type"], body: JSON.parse(await text(request)) });
      response.writeHead(204).end();
    });
    expect(await deliver(`${origin}/hook?token=canary`, message)).toBeNull();
    expect(got).toEqual([
      { method: "POST", url: "/hook?token=canary", type: "application/json", body: message },
    ]);
  });

  it.each([404, 500, 302])("that answers %i was not told, by its origin and no more", async (status) => {
    const origin = await receiver((_, response) => {
      response.writeHead(status, { location: "/elsewhere" }).end("canary");
    });
    expect(await deliver(`${origin}/secret-path?token=canary`, message)).toBe(`${origin} answered ${status}`);
  });

  it("that never answers is waited for no longer than it may take", async () => {
    const origin = await receiver(() => {});
    expect(await deliver(`${origin}/canary`, message, 50)).toBe(`${origin}: TimeoutError`);
  });

  it("that cuts the line was not told", async () => {
    const origin = await receiver((request) => request.socket.destroy());
    expect(await deliver(`${origin}/canary`, message)).toMatch(/^http:\/\/127\.0\.0\.1:\d+: UND_ERR_SOCKET$/);
  });

  it.each(["canary", "file:///etc/canary", "http://", "https://user:canary@"])(
    "that is no URL is not shown: %s",
    async (url) => {
      const problem = await deliver(url, message);
      expect(problem).toMatch(/PULLPROOF_WEBHOOK is no http or https URL/);
      expect(problem).not.toContain("canary");
    },
  );
});

describe("pullproof nightly without an engine", { timeout: 60_000 }, () => {
  it("ends as verify would, and tells the webhook that there is no run", async () => {
    const bodies: NightMessage[] = [];
    const origin = await receiver(async (request, response) => {
      bodies.push(JSON.parse(await text(request)));
      response.end();
    });
    const line = new CommandLine({ PULLPROOF_WEBHOOK: `${origin}/?token=canary` });
    const ended = await line.run("nightly");
    expect(ended.code).toBe(ExitCode.unavailable);
    expect(bodies).toMatchObject([{ run: null, overall: null, exitCode: ExitCode.unavailable }]);
    expect(bodies[0]?.error).not.toBeNull();
    expect(`${ended.stdout}${ended.stderr}`).not.toContain("canary");
  });

  it("ends the same where the webhook cannot be told, and warns", async () => {
    const line = new CommandLine({ PULLPROOF_WEBHOOK: "http://127.0.0.1:1/?token=canary" });
    const ended = await line.run("nightly");
    expect(ended.code).toBe(ExitCode.unavailable);
    expect(ended.stderr).toContain("warning: the webhook was not told: http://127.0.0.1:1: ECONNREFUSED");
    expect(ended.stderr).not.toContain("canary");
  });
});
