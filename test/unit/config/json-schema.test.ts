import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { jsonSchema } from "../../../src/config/json-schema.ts";
import { settingKeys } from "../../../src/config/settings.ts";

describe("pullproof.schema.json", () => {
  it("is what the schema of the settings says; else: npm run schema", () => {
    const shipped = new URL("../../../pullproof.schema.json", import.meta.url);
    expect(readFileSync(shipped, "utf8")).toBe(jsonSchema());
  });

  it("tells of every setting what it means, and lets no other be", () => {
    for (const { name, schema } of settingKeys) expect(schema.description, name).toMatch(/^[A-Z]/);
    const { properties, additionalProperties } = JSON.parse(jsonSchema());
    expect([additionalProperties, properties.hub.additionalProperties]).toEqual([false, false]);
  });
});
