import { open, rename, rm } from "node:fs/promises";

/**
 * Writes a file so that it is the old one or the new one, whole, whenever the power fails. Processes that write at
 * the same time each write a file of their own first. With `mode` the file has exactly that, whatever the umask.
 */
export async function writeWhole(path: string, content: string, mode?: number): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  try {
    await writeThrough(temporary, content, mode);
    await rename(temporary, path);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
}

async function writeThrough(path: string, content: string, mode?: number): Promise<void> {
  await using file = await open(path, "w", 0o644);
  if (mode !== undefined) await file.chmod(mode);
  await file.writeFile(content);
  await file.sync();
}
