import { spawn } from "node:child_process";
import { once } from "node:events";
import { codeOf } from "../../src/cli/code-of.ts";
import { requireAbra } from "../../src/deploy/choose.ts";
import { ExitCode } from "../../src/model/failure.ts";

// `npm run test:abra`: without an abra it says so and exits 69. Tests that were skipped would look like tests that passed.
try {
  process.stderr.write(`abra: ${requireAbra()}\n`);
  const child = spawn("vitest", ["run", "--project", "abra", ...process.argv.slice(2)], { stdio: "inherit" });
  const [code] = await once(child, "close");
  // A signal ended it: then there is no code, and no result either.
  process.exitCode = code ?? ExitCode.interrupted;
} catch (thrown) {
  process.exitCode = codeOf(thrown);
}
