import { describe, expect, it, onTestFinished, vi } from "vitest";
import { readHistory } from "../../../src/check/history.ts";
import { judge } from "../../../src/check/judge.ts";
import { codeOf } from "../../../src/cli/code-of.ts";
import { terminalProgress } from "../../../src/cli/terminal.ts";
import { ExitCode, Failure } from "../../../src/model/failure.ts";
import { asFoundSection } from "../../../src/report/as-found.ts";
import { type LivePlan, renderLivePlan } from "../../../src/report/live-plan.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { base64, keepSecret, withoutSecrets } from "../../../src/secrets.ts";
import { withoutPasswords } from "../../../src/without-passwords.ts";
import { live } from "../../../suites/live.ts";
import { asLive } from "../../support/as-live.ts";
import { amend } from "../../support/edit.ts";
import { policies } from "../../support/scenarios.ts";
import { simulate } from "../../support/simulation.ts";

/** Names as nobody would give them: spaces, paths, what a terminal and what Markdown takes for a command. */
const hostile = "a b/../../x\u001b[2J\r\n| **b** | <!-- --> [c](https://evil.example) `d` \u202e";

const settings = {
  imageStore: "graphdriver",
  registryAuth: true,
  choosesAuth: true,
  prepull: false,
  samples: 3,
  policy: policies.reference,
  controls: { danglingOnly: policies.pruneF, everyUnused: policies.pruneAf },
  baseImage: "pullproof/base:1.0.0",
  changing: { service: "app", image: { repository: "pullproof/worker", tag: "1.0.0", variant: "a" } },
  timeoutSeconds: 77,
} as const;

const plan = (
  changes: Partial<LivePlan> = {},
  leave: Partial<Parameters<typeof live>[1]> = {},
): LivePlan => ({
  address: "ssh://server",
  engine: "26.1.5",
  stack: "pullproof-1_example_com",
  recipe: { name: "lighthouse", images: { app: "busybox:1", keeper: "alpine:3" } },
  deployer: "stack 26",
  account: "keeper",
  scenarios: [live(settings, { first: "cold", prune: false, reboot: false, ...leave })],
  notices: [],
  ...changes,
});

describe("the plan for a live host", () => {
  it("says what it leaves alone, and nothing of what it was not allowed to do", () => {
    const text = renderLivePlan(plan());
    expect(text).toMatch(/prunes nothing\n.*reboots nothing\n/);
    expect(text).toContain("2 times, and takes it away each time");
    expect(text).toMatch(/which stay; removes none/);
    expect(text).not.toMatch(/: (prune|restart)$/m);
  });

  it("says by which command it prunes, and that a reboot takes everything down", () => {
    const text = renderLivePlan(plan({}, { prune: true, reboot: true }));
    expect(text).toContain(`runs ${policies.reference.command}`);
    expect(text).toMatch(/reboots the host once|reboots the host 1 time/);
    expect(text).toContain("everything on it goes down meanwhile");
    expect(text).not.toMatch(/prunes nothing|reboots nothing/);
  });

  it("says that there will be no cold sample where the images are there, and as whom it asks", () => {
    expect(renderLivePlan(plan({}, { first: "cached" }))).toContain("there is no cold sample; removes none");
    expect(renderLivePlan(plan({ account: null }))).toContain("anonymously");
  });

  it("keeps its lines, whatever the names in it are", () => {
    const lines = renderLivePlan(plan({ notices: ["clock: off"] })).split("\n");
    const strange = renderLivePlan(
      plan({
        address: hostile,
        engine: hostile,
        stack: hostile,
        recipe: { name: hostile, images: { [hostile]: hostile, b: hostile } },
        deployer: hostile,
        account: hostile,
        notices: [hostile],
      }),
    );
    expect(strange.split("\n")).toHaveLength(lines.length);
    expect(strange).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
  });
});

describe("the chain on a live host", () => {
  const ids = (leave: Partial<Parameters<typeof live>[1]>) =>
    live(settings, { first: "cold", prune: false, reboot: false, ...leave });

  it("neither prunes nor reboots without leave, and judges no claim about it then", () => {
    const { steps, claims } = ids({});
    expect(new Set(steps.map(({ do: does }) => does))).toEqual(new Set(["deploy", "teardown"]));
    expect(claims).not.toContain("PC1.1");
    expect(claims).not.toContain("PC2.3");
    expect(ids({ prune: true }).claims).toContain("PC1.1");
    expect(ids({ reboot: true }).claims).toContain("PC2.3");
  });

  it.each([[{}], [{ prune: true }], [{ reboot: true }], [{ prune: true, reboot: true }]])(
    "takes every stack away that it deploys, and each step has a name of its own: %j",
    (leave) => {
      const { steps } = ids(leave);
      const names = steps.map(({ id }) => id);
      expect(new Set(names).size).toBe(names.length);
      const does = steps.map((step) => step.do);
      expect(does.filter((one) => one === "deploy").length).toBe(
        does.filter((one) => one === "teardown").length,
      );
      expect(does.at(-1)).toBe("teardown");
    },
  );

  it("expects of every deploy but the first that nothing is downloaded", () => {
    const expected = ids({ prune: true, reboot: true }).steps.flatMap((step) =>
      step.do === "deploy" ? [step.expect] : [],
    );
    expect(expected).toEqual(["cold", "cached", "cached", "cached", "cached"]);
  });
});

describe("what a live host was left as", () => {
  const entries = asLive(simulate());
  const inventoryAfter = (change: (names: string[]) => string[]) => {
    const last = entries.findLast(({ kind }) => kind === "inventory");
    return entries.map((entry) =>
      entry === last && entry.kind === "inventory"
        ? { ...entry, data: { ...entry.data, volumes: change(entry.data.volumes) } }
        : entry,
    );
  };
  const rowOf = (section: string | null, kind: string) =>
    section
      ?.split("\n")
      .find((line) => line.startsWith(`| ${kind} `))
      ?.split(/(?<!\\)\|/)
      .map((cell) => cell.trim());

  it("is told of live hosts alone", () => {
    expect(asFoundSection(readHistory(simulate()))).toBeNull();
    expect(asFoundSection(readHistory(entries))).toContain("| before | after |");
  });

  it("names what is new, as data", () => {
    const section = asFoundSection(readHistory(inventoryAfter((names) => [...names, hostile])));
    const row = rowOf(section, "volumes");
    expect(row?.[3]).toBe(String(Number(row?.[2]) + 1));
    expect(row).toHaveLength(7);
    expect(row?.[4]).toContain("a b/../../x\\\\u");
    expect(row?.[4]).not.toMatch(/<!--|\*\*b|\]\(https:\/\/|\u202e/);
  });

  it("does not call clean what was not seen", () => {
    const unseen = entries.filter(({ kind }) => kind !== "inventory");
    expect(rowOf(asFoundSection(readHistory(unseen)), "volumes")).toEqual([
      "",
      "volumes",
      "?",
      "?",
      "not seen",
      "not seen",
      "",
    ]);
  });

  it("stays data in the whole report, as do recipes, addresses and stacks", () => {
    const strange = amend(
      amend(
        inventoryAfter(() => [hostile]),
        { kind: "run" },
        ({ recipe }) => ({
          recipe: { ...recipe, name: hostile },
        }),
      ),
      { kind: "environment" },
      () => ({ address: hostile, stack: hostile }),
    );
    const report = renderReport({
      entries: strange,
      judgement: judge(strange),
      evidenceHash: "0",
      linkPrefix: "",
    });
    expect(report).not.toMatch(/[^\P{Cc}\n]|\u202e/u);
    expect(report).not.toMatch(/<!-- -->|\]\(https:\/\/evil|(?<!\\)\*\*b/);
  });
});

/** What goes to standard error while something is done. */
function said(act: () => unknown): string {
  const spy = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  onTestFinished(() => spy.mockRestore());
  act();
  return spy.mock.calls.map(([text]) => String(text)).join("");
}

describe("an error", () => {
  const secret = 'canary "of errors"';
  const failure = (exitCode: ExitCode, what: string) => new Failure(exitCode, { what, next: `undo ${what}` });

  it.each<[string, unknown]>([
    ["of a person's", new Failure(ExitCode.unavailable, { what: secret, seen: secret, next: secret })],
    ["that nobody thought of", new Error(`no: ${secret}`, { cause: new Error(secret) })],
    ["that is none", secret],
    ["after another", new SuppressedError(new Error(secret), failure(ExitCode.fail, secret))],
    ["with an address", new Error("proxy http://me:hunter2@proxy:1 refused")],
    ["that would move a terminal's cursor", new Error("\u001b[2J\u202e")],
  ])("%s tells no secret and gives no command to a terminal", (_, thrown) => {
    keepSecret(secret);
    const text = said(() => codeOf(thrown));
    expect(text).not.toMatch(/canary|hunter2|[^\P{Cc}\n]|\u202e/u);
    expect(text).toMatch(/error: /);
  });

  it("does not hide another, and what was left behind decides the exit code", () => {
    const interrupted = failure(ExitCode.interrupted, "the run was interrupted");
    const stays = failure(ExitCode.internal, "the stack stays");
    const folder = failure(ExitCode.unavailable, "the folder stays");
    const thrown = new SuppressedError(folder, new SuppressedError(stays, interrupted));
    let code: number | undefined;
    const text = said(() => {
      code = codeOf(thrown);
    });
    expect(code).toBe(ExitCode.internal);
    const told = [interrupted, stays, folder].map(({ next }) => text.indexOf(next));
    expect(told).toEqual(told.toSorted((a, b) => a - b));
    expect(told).not.toContain(-1);
    said(() => {
      code = codeOf(new SuppressedError(folder, interrupted));
    });
    expect(code).toBe(ExitCode.interrupted);
  });
});

describe("progress", () => {
  it("tells no secret, on one line each", () => {
    keepSecret("canary of progress");
    const text = said(() => {
      using progress = terminalProgress();
      progress.begin("deploy")("fail: canary of progress\n\u001b[2Jat http://me:hunter2@proxy");
    });
    expect(text).toMatch(/^\S+ deploy: fail: \[redacted\] \\u\{1b\}\[2Jat http:\/\/…@proxy \(.+\)\n$/);
  });
});

describe("a secret that is kept", () => {
  it.each([
    ["as it is", (text: string) => text],
    ["in base64", base64],
    ["in a URL", encodeURIComponent],
    ["in JSON", (text: string) => JSON.stringify({ text })],
    ["in JSON, in base64", (text: string) => JSON.stringify(base64(text))],
  ])("is taken out %s", (_, form) => {
    const secret = 'kept/s3cret+"x"';
    keepSecret(secret, "a form of its own");
    expect(withoutSecrets(`a ${form(secret)} b`)).toMatch(/^a .*\[redacted\].* b$/);
    expect(withoutSecrets("a form of its own")).toBe("[redacted]");
  });

  it("takes nothing out where there is none of it, and all of one that begins like another", () => {
    keepSecret("begins.alike");
    keepSecret("begins.alike.and.goes.on");
    expect(withoutSecrets("beginsXalike begins.alike.and.goes.on")).toBe("beginsXalike [redacted]");
  });

  it("may be any text", () => {
    keepSecret("\ud800lone");
    expect(withoutSecrets("x \ud800lone y")).toBe("x [redacted] y");
    keepSecret("");
    expect(withoutSecrets("plain")).toBe("plain");
  });
});

describe("addresses in a text", () => {
  it.each([
    ["ssh://root@server: refused", "ssh://root@server: refused"],
    ["ssh://root:pw@server", "ssh://…@server"],
    ["ssh://root@x:p@server", "ssh://…@server"],
    ["https://token@github.com", "https://…@github.com"],
    ["pull a@sha256:1 from https://hub/", "pull a@sha256:1 from https://hub/"],
  ])("%s tell no password: %s", (text, expected) => {
    expect(withoutPasswords(text)).toBe(expected);
  });
});
