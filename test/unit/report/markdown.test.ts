import { describe, expect, it } from "vitest";
import { judge } from "../../../src/check/judge.ts";
import type { Entry } from "../../../src/model/evidence.ts";
import { renderReport } from "../../../src/report/markdown.ts";
import { amend, cutBefore, onSecondHost, without } from "../../support/edit.ts";
import { pressureOnly, pressureRun } from "../../support/pressure-run.ts";
import { chain, controls, policies, reboots } from "../../support/scenarios.ts";
import { prunes } from "../../support/simulated-prune.ts";
import { simulate } from "../../support/simulation.ts";

const render = (entries: readonly Entry[], linkPrefix = "") =>
  renderReport({ entries, judgement: judge(entries), evidenceHash: "0".repeat(64), linkPrefix });

const clean = simulate();
const failing = simulate({ policy: policies.pruneF });
const firstScreen = (report: string) => report.slice(0, report.indexOf("## The chain"));

/** The cells of the rows of the table under a heading that begin with a text. */
function rowsOf(report: string, start: string): string[][] {
  return report
    .split("\n")
    .filter((line) => line.startsWith(`| ${start}`))
    .map((line) => line.slice(2, -2).split(" | "));
}

describe("the first screen", () => {
  it("has the verdict, and one for each criterion with the finding that decided it", () => {
    const screen = firstScreen(render(failing));
    expect(screen).toMatch(/^# Cache retention: FAIL\n/);
    expect(rowsOf(screen, "PC2")[0]?.[1]).toBe("FAIL");
    expect(screen).toContain("redeploy-after-prune downloaded 3 layers (15.0 MB) again");
    expect(rowsOf(screen, "guardrails")[0]?.[1]).toBe("PASS");
    expect(screen).toContain("prune with the reference policy");
    expect(screen).toContain("`docker image prune`");
  });

  it("says what the verdicts rest on", () => {
    const screen = firstScreen(render(clean));
    expect(screen).toContain(
      "Trust: 4 of 4 controls caught · no witness failed · event stream complete · run complete",
    );
    expect(screen).toContain(`evidence ${clean.length} lines, SHA-256 \`${"0".repeat(64)}\``);
  });

  it("does not hide that the run was cut short, that a witness failed, or that a control was not caught", () => {
    expect(firstScreen(render(cutBefore(clean, "restart")))).toContain("**run cut short**");
    const lost = amend(clean, { kind: "fence", step: "prune" }, () => ({ seen: false }));
    expect(firstScreen(render(lost))).toContain("event stream incomplete in 1 steps");
    const uncaught = amend(clean, { kind: "run" }, ({ scenarios }) => ({
      scenarios: scenarios.map((scenario) =>
        scenario.control ? { ...scenario, claims: ["G1" as const] } : scenario,
      ),
    }));
    expect(firstScreen(render(cutBefore(clean, "restart")))).toContain("run again, to the end");
    const screen = firstScreen(render(uncaught));
    expect(screen).toMatch(/^# Cache retention: ERROR\n/);
    expect(screen).toContain("trust none of these verdicts");
    expect(screen).toContain("0 of 4 controls caught");
  });

  it("describes the host of the chain, whichever was recorded first", () => {
    const [header, environment, ...rest] = clean;
    if (header === undefined || environment?.kind !== "environment") throw new Error("no environment");
    const other: Entry = { ...environment, host: "lab-2" };
    expect(firstScreen(render([header, other, environment, ...rest]))).toContain("**host lab, engine");
  });

  it("names a criterion's verdict by the claims that were asked for alone", () => {
    const asked = amend(failing, { kind: "run" }, () => ({ claims: ["PC1.4" as const] }));
    const report = render(asked);
    expect(rowsOf(report, "PC1")[0]?.[1]).toBe("PASS");
    expect(rowsOf(report, "PC2")).toEqual([]);
    expect(report).not.toContain("### PC2.1");
  });
});

describe("the chain", () => {
  it("tells each step's bytes, manifest requests, account and images", () => {
    const report = render(failing);
    expect(rowsOf(report, "redeploy-after-prune")[0]?.slice(2)).toEqual([
      "3",
      "15.0 MB",
      "6 / 3",
      "`keeper`",
      "4",
    ]);
    expect(rowsOf(report, "warm-redeploy")[0]?.slice(2)).toEqual(["0", "0 B", "3 / 3", "`keeper`", "4"]);
    expect(rowsOf(report, "prune (`docker image prune -f`)")[0]?.at(-1)).toBe("1");
    expect(rowsOf(report, "restart (same boot id)")).toHaveLength(1);
  });

  it("marks anonymous pulls, failures and what was not seen", () => {
    const noAuth = simulate({ scenarios: [{ ...controls.noAuth, control: false, claims: ["PC3.1"] }] });
    expect(rowsOf(render(noAuth), "deploy-no-auth")[0]?.[5]).toBe("**anonymous**");
    const failed = amend(clean, { kind: "outcome", step: "warm-redeploy" }, () => ({
      status: "fail" as const,
    }));
    expect(rowsOf(render(failed), "warm-redeploy (failed)")).toHaveLength(1);
    const unseen = without(clean, { kind: "images", step: "warm-redeploy" });
    expect(rowsOf(render(unseen), "warm-redeploy")[0]?.at(-1)).toBe("?");
  });
});

describe("a chain on two hosts", () => {
  const second = simulate({ scenarios: [{ ...reboots(), id: "on-the-second" }] });
  const both = render(onSecondHost(simulate({ scenarios: [chain()] }), second));
  const section = both.slice(both.indexOf("## The chain"), both.indexOf("## Prune runs"));
  const [, first = "", other = ""] = section.split(/^On (?:lab|lab-2):$/m);

  it("has a table for each host under its name, with its own steps alone", () => {
    expect(section.match(/^On .*:$/gm)).toEqual(["On lab:", "On lab-2:"]);
    expect(section.match(/^\| step \|/gm)).toHaveLength(2);
    expect(rowsOf(first, "redeploy-after-prune")).toHaveLength(1);
    expect(rowsOf(first, "reboot-")).toEqual([]);
    expect(rowsOf(other, "reboot-")).toHaveLength(2);
    expect(rowsOf(other, "redeploy-after-prune")).toEqual([]);
  });

  it("tells which restart was a reboot, which a power cut, and what the check of the file system said", () => {
    expect(rowsOf(first, "restart")[0]?.[0]).toBe("restart (same boot id)");
    expect(rowsOf(other, "reboot-at-rest")[0]?.[0]).toBe("reboot-at-rest (boot id changed)");
    expect(rowsOf(other, "reboot-running")[0]?.[0]).toBe(
      "reboot-running (power cut, boot id changed, `file system check: root: recovering journal`)",
    );
  });

  it("says nothing of a boot id that was not seen on both sides, and tells a restart that failed", () => {
    const blind = without(second, { kind: "clock", step: "reboot-running" });
    const failed = amend(blind, { kind: "outcome", step: "reboot-running" }, () => ({
      status: "fail" as const,
      output: "file system check: <b>|4",
    }));
    const [note = ""] = rowsOf(render(failed), "reboot-running")[0] ?? [];
    expect(note).toMatch(/^reboot-running \(failed, power cut, file system check: &lt;b/);
    expect(note).not.toContain("boot id");
  });

  it("names the hosts that each claim was judged on", () => {
    expect(both).toMatch(/### PC2\.3 [\s\S]*?\n- judged on: lab, lab-2\n/);
    expect(both).toMatch(/### PC3\.2 [\s\S]*?\n- judged on: lab\n/);
    expect(both).not.toMatch(/### PC1\.5 .*\n\n.*\n.*\n- judged on/);
  });

  it("of which one is nameless has a table without a name", () => {
    const nameless = onSecondHost(simulate({ scenarios: [chain()] }), second).map((entry) =>
      entry.host === "lab-2" ? { ...entry, host: null } : entry,
    );
    expect(render(nameless)).toMatch(/^On an unnamed host:$/m);
  });

  it("needs no name above its table where there is one host", () => {
    expect(render(clean)).not.toMatch(/^On /m);
  });
});

describe("prune runs", () => {
  it("have a section of their own, without those of the controls", () => {
    const report = render(simulate({ scenarios: [chain(), controls.pruneAf] }));
    const from = report.indexOf("## Prune runs");
    const runs = report.slice(from, report.indexOf("\n## ", from));
    expect(rowsOf(runs, "lab prune")).toEqual([["lab prune", "", "40 % → 40 %", "nothing", "0 B", "ok"]]);
    expect(runs).not.toContain("prune-af");
  });
});

describe("the environment", () => {
  it("names the recipe's images of each host", () => {
    const report = render(pressureRun(prunes(), { scenarios: pressureOnly() }));
    const section = report.slice(report.indexOf("## Environment"));
    expect(rowsOf(section, "images")[0]?.[1]).toContain("app: pullproof/worker:1.0.0");
  });
});

describe("the pull budget", () => {
  it("is what the headers say", () => {
    expect(render(clean)).toContain(
      "a cold deploy costs 6, a warm one 3; at 200 per 6 h this host can redeploy the recipe 66 times",
    );
  });

  it("is unknown without headers", () => {
    const silent = amend(clean, { kind: "ratelimit" }, () => ({ limit: null, remaining: null }));
    expect(render(silent)).toContain("how many pulls the account has is unknown");
  });
});

describe("claims", () => {
  it("cite their evidence by witness", () => {
    expect(render(clean)).toMatch(
      /### PC2\.3 .*: INCONCLUSIVE\n\n- expected: .*\n- found: .*\n- judged on: .*\n- evidence: .*#\d+, #\d+ \(clock\), /,
    );
  });

  it("link to the run's files under the given prefix", () => {
    const report = render(clean, "reports/7/");
    expect(report).toContain("](reports/7/evidence.jsonl)");
    expect(report).toContain("](reports/7/charts/bytes.svg)");
  });
});

describe("hostile names", () => {
  const evil =
    'x"><script>alert(1)</script>|`*_[a](https://evil.example)\n# Cache retention: PASS\n<!-- pullproof:end -->\u001b[31m\u202e';
  const base = simulate({ scenarios: [chain(), ...Object.values(controls)] });
  const hostile = base
    .map((entry) => {
      if (entry.kind === "request")
        return { ...entry, data: { ...entry.data, userAgent: evil, account: evil } };
      if (entry.kind === "outcome")
        return { ...entry, data: { ...entry.data, message: evil, status: "fail" as const } };
      if (entry.kind === "images") {
        const images = entry.data.images.slice(entry.seq % 3).map((image) => ({ ...image, tags: [evil] }));
        return { ...entry, data: { images } };
      }
      if (entry.kind === "environment") {
        const { engine, deployer } = entry.data;
        return {
          ...entry,
          data: {
            ...entry.data,
            engine: { ...engine, version: evil },
            deployer: { ...deployer, name: evil },
          },
        };
      }
      return entry;
    })
    .map((entry) => ({ ...entry, host: entry.host === null ? null : evil })) as Entry[];
  const named = amend(hostile, { kind: "run" }, (run) => ({
    id: evil,
    account: evil,
    policy: { name: evil, title: evil, command: evil },
    scenarios: run.scenarios.map((scenario) => ({ ...scenario, title: evil })),
  }));
  const report = render(named);

  it("stay data", () => {
    expect(report).not.toContain("<script");
    expect(report).not.toContain("<!--");
    expect(report).not.toContain("\u001b");
    expect(report).not.toContain("\u202e");
    expect(report).not.toMatch(/[^\\]\]\(https:/);
    expect(report.match(/^# /gm)).toHaveLength(1);
    expect(report).toContain("script");
  });

  it("cannot break a table", () => {
    for (const block of report.split("\n\n").filter((part) => part.startsWith("| "))) {
      const widths = block
        .split("\n")
        .map((line) => line.replaceAll("\\\\", "").replaceAll("\\|", "").split("|").length);
      expect(new Set(widths).size, block.slice(0, 80)).toBe(1);
    }
  });

  it("do not become commands to paste", () => {
    const reproduce = report.slice(report.indexOf("## Reproduce"));
    expect(reproduce).not.toContain("```");
  });
});

it("gives the command that makes the run again", () => {
  expect(render(clean)).toContain(
    "npm run verify -- --seed seed --prune reference --samples 5 --image-store graphdriver --deployer stack\n",
  );
  const asked = amend(simulate({ scenarios: [chain()] }), { kind: "run" }, () => ({
    claims: ["PC2.2" as const],
  }));
  expect(render(asked)).toContain("--only PC2.2 --no-controls --image-store");
});

it("gives the hosts that were asked for and how they were rebooted, of runs that know them", () => {
  const asked = amend(clean, { kind: "run" }, () => ({ hosts: ["lab", "vm"], reboot: "hard" }));
  expect(render(asked)).toContain(" --host lab,vm --reboot hard --image-store ");
  expect(render(clean)).not.toMatch(/verify -- .*(--host|--reboot)/);
  const evil = amend(clean, { kind: "run" }, () => ({ hosts: ["lab", "$(id) `x`"], reboot: "soft" }));
  expect(render(evil)).not.toContain("npm run verify -- ");
  const odd = amend(clean, { kind: "run" }, () => ({ hosts: ["lab;id"], reboot: "soft now" }));
  expect(render(odd)).toContain(" --host 'lab;id' --reboot 'soft now' ");
});

it("quotes the command that makes the run again", () => {
  const odd = amend(failing, { kind: "run" }, ({ policy }) => ({
    policy: { ...policy, name: "command", command: "docker image prune -f --filter 'until=24h'" },
  }));
  expect(render(odd)).toContain("--prune 'docker image prune -f --filter '\\''until=24h'\\'''");
});

it("is the same for the same run", () => {
  expect(render(clean)).toBe(render(simulate()));
});
