import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Failure } from "../../../src/model/failure.ts";
import { attachedReport, attachReport } from "../../../src/report/attach.ts";

const begin = "<!-- pullproof:begin -->";
const end = "<!-- pullproof:end -->";
const report = "# Cache retention: PASS\n\n```sh\n# not a heading\n```\n\n## The chain\n";
const config = expect.objectContaining({ name: "Failure", exitCode: 78 });

describe("text outside the markers", () => {
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  const line = fc.constantFrom(
    "",
    "# Review",
    "###### deep",
    "text",
    `in a line: ${begin} and ${end}`,
    "    indented",
    "\u2028 no line end",
    "\ufeff",
    "`code`",
    "--- ",
    "```js",
    "```",
    "````",
    "~~~",
    "\t",
    "## DONE",
  );
  const text = fc
    .array(fc.tuple(line, lineEnd), { maxLength: 8 })
    .map((lines) => lines.map(([words, eol]) => words + eol).join(""));
  const body = fc.oneof(fc.constant(report), text, fc.string(), fc.constant(`${report}\n${end}\n`));
  const attempt = (work: () => string) => {
    try {
      return work();
    } catch (thrown) {
      if (thrown instanceof Failure) return null;
      throw thrown;
    }
  };

  it("stays as it is to the byte, however often a report is attached", () => {
    fc.assert(
      fc.property(text, text, lineEnd, fc.string(), body, body, (before, after, eol, old, first, second) => {
        const document = `${before}${begin}${eol}${old}${eol}${end}${after}`;
        const once = attempt(() => attachReport(document, first));
        if (once === null) return;
        // Where the text before them opens a code block, they are a part of it, and the document has none yet.
        const around = once.startsWith(before + begin) && once.endsWith(end + after);
        expect(around || once.startsWith(document)).toBe(true);
        expect(attachReport(once, first)).toBe(once);
        const replaced = attempt(() => attachReport(once, second));
        if (replaced !== null) expect(attachReport(replaced, first)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it("is the whole of a document without markers, which get in at its end", () => {
    fc.assert(
      fc.property(text, fc.boolean(), body, (before, whole, first) => {
        const document = whole ? before : before.trimEnd();
        const once = attempt(() => attachReport(document, first));
        if (once === null) return;
        expect(once.startsWith(document)).toBe(true);
        expect(attachReport(once, first)).toBe(once);
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps each line end that it has, and gives the report that of the marker", () => {
    const attached = attachReport(`# A\nb\r\n${begin}\r\n${end}\nc`, report);
    expect(attached.startsWith(`# A\nb\r\n${begin}\r\n`)).toBe(true);
    expect(attached.endsWith(`\r\n${end}\nc`)).toBe(true);
    expect(attached.slice(attached.indexOf(begin), attached.indexOf(end)).replaceAll("\r\n", "")).not.toMatch(
      /[\r\n]/,
    );
  });
});

describe("markers", () => {
  it("may be indented by less than code is, and be followed by spaces, which stay", () => {
    const attached = attachReport(`- a\n  ${begin}\nold\n  ${end}  \n`, report);
    expect(attached.startsWith(`- a\n  ${begin}\n`)).toBe(true);
    expect(attached.endsWith(`${end}  \n`)).toBe(true);
    expect(attached).not.toContain("old");
  });

  it("may stand on lines that end as on an old Mac", () => {
    const attached = attachReport(`# A\r${begin}\rold\r${end}\rb`, report);
    expect(attached).toMatch(/^# A\r<!--[^\n]+-->\rb$/);
    expect(attached).not.toContain("old");
  });

  it("are real ones below a line that only looks as if it began a code block", () => {
    const attached = attachReport(`\`\`\`a span\`\`\`\n${begin}\nold\n${end}\n`, report);
    expect(attached).not.toContain("old");
  });
});

describe("markers in a code block", () => {
  const example = `\`\`\`md\n${begin}\n${end}\n\`\`\`\n`;

  it.each([
    ["before the real ones", `${example}\n${begin}\nold\n${end}\nafter`],
    ["after the real ones", `before\n${begin}\nold\n${end}\n${example}`],
    ["within longer fences", `\`\`\`\`\n${example}\`\`\`\`\n${begin}\nold\n${end}\n`],
    ["in tildes that hold backticks", `~~~\n\`\`\`\n${begin}\n~~~\n${begin}\nold\n${end}\n`],
    ["whose end has no word after it", `\`\`\`\n\`\`\`js\n${begin}\n\`\`\`\n${begin}\nold\n${end}\n`],
    ["by indentation", `    ${begin}\n\n${begin}\nold\n${end}\n`],
  ])("are text: %s", (_, document) => {
    const attached = attachReport(document, report);
    const old = document.indexOf("old");
    expect(attached.startsWith(document.slice(0, old))).toBe(true);
    expect(attached.endsWith(document.slice(old + "old\n".length))).toBe(true);
    expect(attached).toContain("Cache retention: PASS");
    expect(attached).not.toContain("old");
  });

  it("are no place for a report, where there are no others", () => {
    const attached = attachReport(`# How to\n\n${example}`, report);
    expect(attached.startsWith(`# How to\n\n${example}\n${begin}\n`)).toBe(true);
  });

  it("do not end what a marker outside began", () => {
    expect(() => attachReport(`${begin}\nold\n\n${example}`, report)).toThrow(config);
  });

  it("cannot be seen where the document ends within one", () => {
    expect(() => attachReport("text\n```\ncode\n", report)).toThrow(config);
  });
});

describe("attachReport", () => {
  it("refuses a report with a code block that does not end", () => {
    expect(() => attachReport(`${begin}\n${end}\n`, "# A\n```\n")).toThrow(/code block/);
  });
});

describe("attachedReport", () => {
  it.each(["", "# Review\n", `${begin}\n${end}\n`, `${begin}\n \n${end}\n`])(
    "is nothing in %j",
    (document) => {
      expect(attachedReport(document)).toBeNull();
    },
  );

  it("is what was attached", () => {
    expect(attachedReport(attachReport("", report))).toBe(report.trim());
    expect(attachedReport(attachReport(`${begin}\r\n${end}`, "# B"))).toBe("# B");
  });

  it("is told from no broken pair", () => {
    expect(() => attachedReport(`${end}\n${begin}\n`)).toThrow(config);
  });
});
