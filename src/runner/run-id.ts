import { randomBytes } from "node:crypto";

/** `20261123-131502-9f3a`: sorts by time, and is fit for the names of containers and stacks. */
export function runId(): string {
  const [day = "", time = ""] = new Date().toISOString().replaceAll(/[-:]/g, "").split("T");
  return `${day}-${time.slice(0, 6)}-${randomBytes(2).toString("hex")}`;
}
