import { describe, expect, it } from "vitest";
import { ExitCode } from "../../../src/model/failure.ts";
import { base64 } from "../../../src/secrets.ts";
import { CommandLine, type Ended } from "../../support/command-line.ts";
import { LiveStage } from "../../support/live-stage.ts";
import { writeScript } from "../../support/temp.ts";

/** Whole runs, with a process for each command on the host, on a machine that may be busy. */
const patience = { timeout: 240_000 };

const pat = 'dckr_pat_canary/in+the="config"';
const account = { name: "keeper", pat };

const planted = {
  "the token": pat,
  "the token as JSON": JSON.stringify(pat).slice(1, -1),
  "the token in a URL": encodeURIComponent(pat),
  "the token in base64": base64(pat),
  "the value of a header": base64(`${account.name}:${pat}`),
  "the password of a proxy": "canary-of-the-proxy",
  "a variable of the caller": "canary-of-the-environment",
};

const env = {
  PLANTED: planted["a variable of the caller"],
  HTTPS_PROXY: "http://me:canary-of-the-proxy@proxy:1",
};

/** Which canaries show in which texts. */
function sung(canaries: Record<string, string>, texts: Record<string, string>): string[] {
  return Object.entries(texts).flatMap(([where, text]) =>
    Object.entries(canaries).flatMap(([what, canary]) =>
      text.includes(canary) ? [`${what} in ${where}`] : [],
    ),
  );
}

/** What a tool may say at its worst. */
function gossip(stage: LiveStage): string {
  const { "a variable of the caller": _, "the password of a proxy": proxy, ...forms } = planted;
  return [...Object.values(forms), ...stage.secrets, `dial http://me:${proxy}@proxy:3128: \u001b[31mno`].join(
    "\n",
  );
}

function expectSilence(stage: LiveStage, { stdout, stderr }: Ended): void {
  const made = Object.fromEntries(stage.secrets.map((value, at) => [`secret ${at}`, value]));
  expect(sung({ ...planted, ...made }, { stdout, stderr, ...stage.written })).toEqual([]);
  expect(stderr).not.toContain("\u001b[31m");
}

describe("no secret of a live run shows in anything that it writes,", patience, () => {
  it("though every tool and the engine itself tell all they know", async () => {
    const stage = await LiveStage.open(account, { env });
    stage.engine.info = {
      ...stage.engine.info,
      HttpProxy: "http://me:canary-of-the-proxy@proxy:3128",
      RegistryConfig: { Mirrors: ["https://me:canary-of-the-proxy@mirror/"] },
    };
    stage.answerDocker(([, verb = ""]) => {
      if (verb !== "deploy" && verb !== "rm") return {};
      stage.engine.on("GET /images/json", () => ({ status: 500, body: { message: gossip(stage) } }));
      return { exitCode: 1, stdout: gossip(stage), stderr: gossip(stage) };
    });
    const ended = await stage.line.run(...stage.verify());
    expectSilence(stage, ended);
    // They were told, and taken out.
    const outcomes = stage.evidence.filter(({ kind }) => kind === "outcome");
    expect(JSON.stringify(outcomes)).toContain("[redacted]");
    expect(stage.evidence.filter(({ kind }) => kind === "gap").length).toBeGreaterThan(0);
    expect(ended.stderr).toContain("mirror https://…@mirror/");
    expect(stage.secrets.length).toBeGreaterThan(0);
    expect(stage.left).toEqual([]);
  });

  it("though pullproof itself fails in a way that nobody thought of", async () => {
    const stage = await LiveStage.open(account, { env });
    stage.engine.on("GET /images/json", () => ({ status: 500, body: { message: gossip(stage) } }));
    const ended = await stage.line.run(...stage.verify());
    expect(ended.code).toBe(ExitCode.internal);
    expect(ended.stderr).toMatch(/pullproof failed: .*\n {4}at /s);
    expect(ended.stderr).toContain("[redacted]");
    expectSilence(stage, ended);
    expect(stage.left).toEqual([]);
  });

  it("though it is interrupted in the middle of a deploy, which is taken away all the same", async () => {
    const stage = await LiveStage.open(account, { env });
    const run = stage.line.start(...stage.verify());
    const answer = Promise.withResolvers<{ stderr: string }>();
    stage.answerDocker(([, verb]) => {
      if (verb === "deploy") {
        stage.interrupt(run);
        return answer.promise;
      }
      answer.resolve({ stderr: gossip(stage) });
      return {};
    });
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(ExitCode.interrupted);
    expect(stage.evidence.at(-1)).toMatchObject({ kind: "end", data: { completed: false } });
    // What carries commands is there still, to clean up.
    expect(stage.connections).toBe(1);
    expectSilence(stage, ended);
    expect(stage.left).toEqual([]);
  });
});

describe("no password of an address shows", patience, () => {
  it.each([
    ["ssh://keeper:hunter2@server"],
    ["tcp://keeper:hunter2@server:2375"],
    ["ssh://keeper:hun@ter2@server"],
  ])("where a context leads to %s", async (address) => {
    const line = new CommandLine();
    const bin = `${line.cwd}/../bin`;
    writeScript(`${bin}/docker`, `echo '${address}'`);
    const { code, stdout, stderr } = await new CommandLine({ PATH: `${bin}:/usr/bin:/bin` }).run(
      ...["verify", "--host", "live", "--context", "server", "--yes"],
    );
    expect({ code, stdout }).toEqual({ code: ExitCode.usage, stdout: "" });
    expect(stderr).toContain("…@server");
    expect(stderr).not.toMatch(/hun@?ter2/);
  });
});
