/** The value of a JSON text; undefined for what is none. A parser's own error quotes the text, which may hold secrets. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
