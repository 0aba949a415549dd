const intro = `# Benchmarks

Written by \`npm run bench\`; \`npm run bench -- chain\`, \`-- plan\` and \`-- prune\` measure one part anew and leave the others as they are. Such machines are shared and noisy: only ratios within one run mean anything.
`;

/** A second-level heading, with all that follows it. */
const sections = /^## .*$(?:\n(?!## ).*$)*/gm;

/**
 * The text of docs/benchmarks.md with one section replaced or added. Sections come in the order of `titles`; one with
 * another title is dropped, because nothing measures it any more.
 */
export function withSection(
  document: string,
  titles: readonly string[],
  section: { title: string; text: string },
): string {
  const found = new Map((document.match(sections) ?? []).map((text) => [headingOf(text), text.trim()]));
  found.set(section.title, `## ${section.title}\n\n${section.text.trim()}`);
  const kept = titles.flatMap((title) => found.get(title) ?? []);
  return [intro.trim(), ...kept].join("\n\n").concat("\n");
}

function headingOf(section: string): string {
  const [heading = ""] = section.split("\n", 1);
  return heading.slice("## ".length);
}
