import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { codeOf } from "../cli/code-of.ts";
import { terminalProgress } from "../cli/terminal.ts";
import { ExitCode, Failure } from "../model/failure.ts";
import { chain } from "./chain.ts";
import { withSection } from "./document.ts";
import { load, measuredOn } from "./machine.ts";
import type { Part } from "./part.ts";
import { plan } from "./plan.ts";
import { prune } from "./prune.ts";

const parts: Record<string, Part> = { chain, plan, prune };
const titles = Object.values(parts).map(({ title }) => title);
const docs = fileURLToPath(new URL("../../docs/benchmarks.md", import.meta.url));

/** The parts that were asked for by name; all of them when none was. */
function asked(names: readonly string[]): Part[] {
  return (names.length === 0 ? Object.keys(parts) : names).map((name) => {
    const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (part !== undefined) return part;
    throw new Failure(ExitCode.usage, {
      what: `the benchmark has no part ${name}`,
      next: `npm run bench -- ${Object.keys(parts).join(" ")}`,
    });
  });
}

try {
  for (const part of asked(process.argv.slice(2))) {
    using progress = terminalProgress();
    const loadBefore = load();
    const measured = await part.measure(progress);
    const text = `${measuredOn(measured.engine, loadBefore)}\n\n${measured.text}`;
    const before = existsSync(docs) ? readFileSync(docs, "utf8") : "";
    // After each part, so that what was measured stays if the next one breaks.
    writeFileSync(docs, withSection(before, titles, { title: part.title, text }));
    process.stdout.write(text);
  }
} catch (thrown) {
  process.exitCode = codeOf(thrown);
}
