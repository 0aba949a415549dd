import type { App } from "../../src/deploy/deployer.ts";
import { readRecipe, stackName } from "../../src/deploy/recipe.ts";
import { tempFolder, writeTree } from "./temp.ts";

const compose = `
services:
  app:
    image: pullproof/web:1.0.0
  store:
    image: pullproof/store:1.0.0
secrets:
  session_key:
    external: true
`;

const sample =
  "TYPE=diary\nDOMAIN=diary.example.com\nTIMEOUT=90\nSECRET_SESSION_KEY_VERSION=v3 # length=12\n";

/** A small recipe in a folder of its own; `files` replace or add to its files. */
export function recipeFolder(files: Record<string, string> = {}): string {
  return `${writeTree(`${tempFolder()}/diary`, { "compose.yml": compose, ".env.sample": sample, ...files })}`;
}

/** That recipe under a domain of example.org. */
export function exampleApp(files: Record<string, string> = {}): App {
  const domain = "diary.example.org";
  return { recipe: readRecipe(recipeFolder(files)), domain, stack: stackName(domain) };
}
