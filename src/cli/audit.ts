import type { Command } from "commander";
import { audit, dayOf } from "../audit/audit.ts";
import { fails } from "../audit/finding.ts";
import { ExitCode, Failure, messageOf } from "../model/failure.ts";
import { renderAudit, renderAuditJson } from "../report/audit.ts";
import { renderSarif } from "../report/sarif.ts";
import { version } from "../version.ts";
import { writeWhole } from "../write-whole.ts";
import { print } from "./terminal.ts";

/** `pullproof audit PATH…`: find what prunes a host's cache in harness, janitor and CI code. */
export function addAudit(program: Command): void {
  program
    .command("audit")
    .description("find commands that prune a host's image cache in harness, janitor and CI code")
    .argument("<path...>", "files and folders to scan")
    .option("--json", "print the findings as JSON")
    .option("--sarif <file>", "write the findings as SARIF 2.1.0 as well")
    .action(async (paths: string[], { json, sarif }: { json?: boolean; sarif?: string }) => {
      const result = await audit(paths, dayOf(new Date()));
      if (sarif !== undefined) await write(sarif, renderSarif(result.findings, version));
      print(json ? renderAuditJson(result) : renderAudit(result, process.stdout.columns ?? 120));
      process.exitCode = result.findings.some(fails) ? ExitCode.fail : ExitCode.pass;
    });
}

async function write(file: string, content: string): Promise<void> {
  try {
    await writeWhole(file, content);
  } catch (thrown) {
    throw new Failure(ExitCode.usage, {
      what: "the SARIF file cannot be written",
      seen: messageOf(thrown),
      next: "name a file in a folder that is there: --sarif audit.sarif",
      cause: thrown,
    });
  }
}
