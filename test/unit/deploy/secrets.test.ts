import { expect, it } from "vitest";
import { createSecrets } from "../../../src/deploy/secrets.ts";
import { withoutSecrets } from "../../../src/secrets.ts";
import { exampleApp } from "../../support/app.ts";
import { EngineDouble } from "../../support/engine-double.ts";

/** The values of the secrets that are made for a recipe which wants so many characters. */
async function valuesOf(length: number): Promise<string[]> {
  const engine = await EngineDouble.listen();
  const values: string[] = [];
  engine.on("POST /secrets/create", ({ body }) => {
    values.push(Buffer.from((body as { Data: string }).Data, "base64").toString());
    return { status: 201, body: { ID: "s" } };
  });
  const app = exampleApp({ ".env.sample": `SECRET_SESSION_KEY_VERSION=v1 # length=${length}\n` });
  await createSecrets(engine.docker, app);
  return values;
}

it("keeps what it made out of all that is told", async () => {
  const [value = ""] = await valuesOf(32);
  expect(value).toHaveLength(32);
  expect(withoutSecrets(`said ${value}`)).toBe("said [redacted]");
});

it("lets a value be that is short enough to stand in any digest: evidence keeps its digests", async () => {
  const [value = ""] = await valuesOf(2);
  const digest = `sha256:${value.repeat(32)}`;
  expect(withoutSecrets(digest)).toBe(digest);
});
