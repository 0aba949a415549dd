import { writeFileSync } from "node:fs";
import { jsonSchema } from "./json-schema.ts";

writeFileSync(new URL("../../pullproof.schema.json", import.meta.url), jsonSchema());
