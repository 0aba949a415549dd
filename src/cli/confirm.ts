import { createInterface } from "node:readline";

/** Asks a person; anything but yes is no, and so is the end of the input. */
export async function confirm(
  question: string,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<boolean> {
  const lines = createInterface({ input, output, prompt: `${question} [y/N] ` });
  try {
    lines.prompt();
    for await (const line of lines) return /^y(es)?$/i.test(line.trim());
    return false;
  } finally {
    lines.close();
  }
}
