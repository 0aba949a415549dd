import { fileURLToPath } from "node:url";

const folder = (name: string) => fileURLToPath(new URL(`../../fixtures/recipes/${name}`, import.meta.url));

/** The recipes that come with pullproof, by their folders. */
export const fixtureRecipes = {
  /** Three services with a config, a secret and health checks: what a verification deploys by default. */
  notebook: folder("notebook"),
  /** Comes and goes quickly: for hosts that are put under disk pressure. */
  courier: folder("courier"),
  /** Small official images: for hosts that are not the run's own. */
  lighthouse: folder("lighthouse"),
} as const;
