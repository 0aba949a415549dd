import * as z from "zod";
import { settingsSchema } from "./settings.ts";

/** The text of pullproof.schema.json, by which an editor completes and checks pullproof.yaml. */
export function jsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(settingsSchema, {
    io: "input",
    override({ jsonSchema, path }) {
      // Which hosts are judged by default depends on the machine: see canRunGuest.
      if (path.join() === "properties,hosts") delete jsonSchema.default;
    },
  });
  const title = "pullproof.yaml: settings of a verification";
  return `${JSON.stringify({ $schema, title, ...schema }, null, 2)}\n`;
}
