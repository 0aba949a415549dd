import { expect, it, vi } from "vitest";
import { codeOf } from "../../../src/cli/code-of.ts";
import { ExitCode, GoesOnLater } from "../../../src/model/failure.ts";

it("tells of what goes on later in one line, which is no error", () => {
  const written = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const code = codeOf(new GoesOnLater("it goes on", "the report will be reports/run/report.md"));
  const text = written.mock.calls.map(([words]) => String(words)).join("");
  written.mockRestore();
  expect(code).toBe(ExitCode.tryLater);
  expect(text).toBe("it goes on; the report will be reports/run/report.md\n");
});
