import { spentIn } from "../check/budget-in-step.ts";
import { hasLedger, layerTraffic } from "../check/bytes.ts";
import { type History, type StepHistory, stepsThat } from "../check/history.ts";
import { identityOf, isManifestPull, isPull } from "../check/identity.ts";
import { rebooted } from "../check/received.ts";
import { formatBytes, formatSeconds } from "../check/units.ts";
import { codeSpan, escapeMarkdown } from "./escape.ts";
import { table } from "./table.ts";

/** The tables of steps, one for each host with its name above where there are several. */
export function stepTables(history: History): string[] {
  const hosts = [...Map.groupBy(history.steps, ({ host }) => host)];
  if (hosts.length < 2) return [stepTable(history)];
  return hosts.flatMap(([host, steps]) => [
    `On ${escapeMarkdown(host ?? "an unnamed host")}:`,
    stepTable({ ...history, steps }),
  ]);
}

/** The table of steps: what each took, what it moved, and as whom. */
function stepTable(history: History): string {
  return table(
    ["step", "took", "layers fetched", "layer bytes", "manifest GET / HEAD", "as", "images after"],
    history.steps.map((step) => row(history, step)),
    [1, 2, 3, 4, 6],
  );
}

function row(history: History, step: StepHistory): string[] {
  const { plan, outcome, after } = step;
  const traffic = layerTraffic(history, step);
  const pulls = step.requests.length > 0 || plan.do === "deploy";
  return [
    `${escapeMarkdown(plan.id)}${note(step)}`,
    outcome === undefined ? "?" : formatSeconds(outcome.data.seconds),
    pulls ? String(traffic.layers) : "",
    pulls ? formatBytes(traffic.bytes) : "",
    pulls ? manifests(history, step) : "",
    hasLedger(history, step.host) ? identities(history, step) : budgets(history, step),
    after.images === undefined ? "?" : String(after.images.data.images.length),
  ];
}

/** What a reader must know about a step beside its numbers. */
function note(step: StepHistory): string {
  const { plan, outcome, before, after } = step;
  const notes: string[] = [];
  if (outcome === undefined) notes.push("no outcome");
  else if (outcome.data.status !== "ok")
    notes.push(outcome.data.status === "fail" ? "failed" : "outcome unknown");
  if (plan.do === "prune") notes.push(codeSpan(plan.policy.title));
  if (plan.do === "restart") {
    if (plan.manner === "power-cut") notes.push("power cut");
    if (before.clock !== undefined && after.clock !== undefined)
      notes.push(rebooted(step) ? "boot id changed" : "same boot id");
    // What a check of the file system said.
    if (outcome?.data.output) notes.push(codeSpan(outcome.data.output));
  }
  return notes.length === 0 ? "" : ` (${notes.join(", ")})`;
}

/** Manifest requests of a step, without the halves of handshakes; without a ledger, what they took off the budgets. */
function manifests(history: History, step: StepHistory): string {
  if (!hasLedger(history, step.host)) {
    const [own, anonymous] = [spentIn(step, "account"), spentIn(step, "anonymous")];
    return own === null || anonymous === null ? "? / ?" : `${own + anonymous} / ?`;
  }
  const { account } = history.run.data;
  const asked = step.requests.filter(({ data }) => isManifestPull(data, account));
  const by = (method: string) => asked.filter(({ data }) => data.method === method).length;
  return `${by("GET")} / ${by("HEAD")}`;
}

/** Whose pull budgets fell. */
function budgets({ run }: History, step: StepHistory): string {
  return [
    ...(spentIn(step, "account") ? [codeSpan(run.data.account)] : []),
    ...(spentIn(step, "anonymous") ? ["**anonymous**"] : []),
  ].join(", ");
}

function identities(history: History, step: StepHistory): string {
  const { account } = history.run.data;
  const pulls = step.requests.filter(({ data }) => isPull(data) && identityOf(data, account) !== "handshake");
  const names = pulls.map(({ data }) => {
    const identity = identityOf(data, account);
    if (data.account !== null) return codeSpan(data.account);
    return identity === "refused" ? "**refused**" : "**anonymous**";
  });
  return [...new Set(names)].join(", ");
}

/** Pulls that Docker Hub would count for the first deploy of a kind; null when there was none. */
export function pullCost(history: History, expect: "cold" | "cached"): number | null {
  const deploy = stepsThat(history, "deploy").find(({ plan }) => plan.expect === expect);
  return deploy === undefined ? null : deploy.requests.filter(({ data }) => data.counted).length;
}
