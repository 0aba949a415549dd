/** An element of an XML document. Text between elements is of no interest here. */
export interface XmlElement {
  name: string;
  attributes: Record<string, string>;
  children: XmlElement[];
}

/** What XML 1.0 allows in a document (https://www.w3.org/TR/xml/#charsets). */
const allowed = /^[\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]*$/u;
const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/**
 * Reads the part of XML that pullproof writes: a declaration, elements and quoted attributes, no comments and no CDATA.
 * Throws at anything that is not well-formed.
 */
export function parseXml(text: string): XmlElement {
  if (!allowed.test(text)) throw new Error("a character that XML forbids");
  const root: XmlElement = { name: "", attributes: {}, children: [] };
  const open = [root];
  const token = /<\?xml [^?<>]*\?>|<(\/?)([\w-]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>|([^<>&]|&[a-z]+;)+/gy;
  let at = 0;
  for (const [whole, closing, name, attributes = "", empty] of text.matchAll(token)) {
    at += whole.length;
    if (name === undefined) continue;
    if (closing === "/") {
      if (open.pop()?.name !== name) throw new Error(`</${name}> closes nothing`);
      continue;
    }
    const element: XmlElement = { name, attributes: attributesOf(attributes), children: [] };
    open.at(-1)?.children.push(element);
    if (empty !== "/") open.push(element);
  }
  if (at !== text.length) throw new Error(`not well-formed at: ${text.slice(at, at + 60)}`);
  const [document, ...others] = root.children;
  if (open.length !== 1 || document === undefined || others.length > 0)
    throw new Error("not one whole element");
  return document;
}

function attributesOf(text: string): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name = "", value = ""]) => [name, unescaped(value)]),
  );
}

function unescaped(value: string): string {
  return value.replace(/&([a-z]*;?)/g, (_, name: string) => {
    const meant = entities[name.slice(0, -1)];
    if (meant === undefined || !name.endsWith(";")) throw new Error(`an unknown entity: &${name}`);
    return meant;
  });
}

/** Every element of a document with a name. */
export function elementsOf(element: XmlElement, name: string): XmlElement[] {
  const own = element.name === name ? [element] : [];
  return [...own, ...element.children.flatMap((child) => elementsOf(child, name))];
}
