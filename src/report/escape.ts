// Names, messages and user agents come from outside. In a report they stay what they are: data.

/**
 * Control characters, and the Unicode marks that reorder or hide text (bidirectional controls, zero width). Half a
 * surrogate pair and U+FFFE, U+FFFF are no characters, and forbidden in XML (https://www.w3.org/TR/xml/#charsets).
 */
const invisible = /[\p{Cc}\p{Cs}\ufffe\uffff\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/** Text on one line, in which every character can be seen: `\u{1b}` for an escape, a space for a line break. */
export function visible(text: string): string {
  return text
    .replace(/\s*[\r\n]+\s*/g, " ")
    .replace(invisible, (char) => `\\u{${char.codePointAt(0)?.toString(16)}}`);
}

/** The same for a text of several lines, which stay so. */
export function visibleLines(text: string): string {
  return text.split("\n").map(visible).join("\n");
}

/** Text as Markdown that shows just that text, in a table cell as well: no markup, HTML, link or comment. */
export function escapeMarkdown(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replace(/[\\`*_{}[\]|~#!$]/g, "\\$&")
    .replace(/:\/\//g, ":&#47;&#47;")
    .replace(/www\./gi, (found) => `${found.slice(0, -1)}&#46;`);
}

/** A code span, where the text cannot end or escape one; else the text, escaped. */
export function codeSpan(text: string): string {
  const shown = visible(text);
  return /^[\w .,:;/@%+='"(){}$&-]+$/.test(shown) && shown.trim() === shown
    ? `\`${shown}\``
    : escapeMarkdown(text);
}

/** Text for XML content and attributes. */
export function escapeXml(text: string): string {
  return visible(text)
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;");
}
