import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fixtureRecipes } from "./fixture-recipes.ts";

/**
 * The folder that a user means by a recipe: a folder with a compose file; else, for a name, one of pullproof's own, or
 * of those that abra keeps (`$ABRA_DIR/recipes`, by default `~/.abra/recipes`). A text that leads nowhere is given back:
 * who reads it says what is missing.
 */
export function findRecipe(text: string, env: NodeJS.ProcessEnv = process.env): string {
  if (text.includes("/") || existsSync(join(text, "compose.yml"))) return text;
  if (Object.hasOwn(fixtureRecipes, text)) return fixtureRecipes[text as keyof typeof fixtureRecipes];
  const ofAbra = join(env.ABRA_DIR || join(env.HOME || homedir(), ".abra"), "recipes", text);
  return existsSync(join(ofAbra, "compose.yml")) ? ofAbra : text;
}
