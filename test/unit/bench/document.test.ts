import { expect, test } from "vitest";
import { withSection } from "../../../src/bench/document.ts";

const titles = ["First", "Second", "Third"];
const written = (...sections: [title: string, text: string][]) =>
  sections.reduce((document, [title, text]) => withSection(document, titles, { title, text }), "");

test("a section takes the place that its title has, whenever it was measured", () => {
  const document = written(["Third", "c"], ["First", "a"], ["Second", "b"]);
  expect(document.match(/^## .*/gm)).toEqual(["## First", "## Second", "## Third"]);
});

test("the other sections stay as they are, paragraphs, tables and deeper headings", () => {
  const text = "one\n\n### more\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nlast";
  const before = written(["First", text], ["Second", "old"]);
  const after = withSection(before, titles, { title: "Second", text: "new\n" });
  expect(after).toBe(before.replace("old", "new"));
  expect(after).toContain(text);
});

test("a section that nothing measures any more goes, and so does text that no part wrote", () => {
  const document = `stale\n\n${written(["First", "a"]).replace("## First", "## Gone\n\ngone\n\n## First")}`;
  const after = withSection(document, titles, { title: "Second", text: "b" });
  expect(after).toBe(written(["First", "a"], ["Second", "b"]));
});
