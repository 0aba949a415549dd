import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { App } from "../../src/deploy/deployer.ts";
import { readRecipe, stackName } from "../../src/deploy/recipe.ts";

/** What the app's service does: runs, never gets healthy, or ends at once, as a new version. */
type Release = "good" | "unhealthy" | "broken";

const service: Record<Release, string> = {
  good: "",
  unhealthy: 'healthcheck: { test: ["CMD", "false"], interval: 1s, retries: 600, start_period: 600s }',
  broken: 'command: ["false"]',
};

const compose = (release: Release) => `---
version: "3.8"

services:
  app:
    image: pullproof/worker:${release === "broken" ? "2.0.0" : "1.0.0"}
    ${service[release]}
    networks:
      - host
    secrets:
      - session_key
    volumes:
      - data:/data
    deploy:
      restart_policy:
        condition: any
        delay: 1s
      update_config:
        failure_action: rollback
        monitor: 3s
      labels:
        - "coop-cloud.\${STACK_NAME}.version=0.2.0+1.0.0"
        - "coop-cloud.\${STACK_NAME}.timeout=\${TIMEOUT:-300}"

networks:
  host:
    external: true

volumes:
  data:

secrets:
  session_key:
    name: \${STACK_NAME}_session_key_\${SECRET_SESSION_KEY_VERSION}
    external: true
`;

const files = {
  ".env.sample": "TYPE=ledger\n\nDOMAIN=ledger.example.com\nSECRET_SESSION_KEY_VERSION=v1 # length=20\n",
  "abra.sh": "export LEDGER_CONF_VERSION=v1\n",
  "README.md": "# ledger\n",
};

/** Makes apps of a recipe of the suite's own, under domains of example.org; gone when the file's tests are over. */
export function appMaker(): (name: string, release?: Release) => App {
  const made = mkdtempSync(join(tmpdir(), "pp-recipes-"));
  afterAll(() => rmSync(made, { recursive: true }));
  return (name, release = "good") => {
    const folder = join(made, release, "ledger");
    mkdirSync(folder, { recursive: true });
    for (const [path, content] of Object.entries({ ...files, "compose.yml": compose(release) }))
      writeFileSync(join(folder, path), content);
    const domain = `${name}.example.org`;
    return { recipe: readRecipe(folder), domain, stack: stackName(domain) };
  };
}
