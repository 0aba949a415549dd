import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findRecipe } from "../../../src/deploy/find-recipe.ts";
import { fixtureRecipes } from "../../../src/deploy/fixture-recipes.ts";
import { tempFolder, writeTree } from "../../support/temp.ts";

describe("findRecipe", () => {
  const home = () => {
    const folder = tempFolder();
    writeTree(folder, {
      ".abra/recipes/matomo/compose.yml": "services: {}\n",
      ".abra/recipes/courier/compose.yml": "services: {}\n",
      "other/recipes/gitea/compose.yml": "services: {}\n",
    });
    return folder;
  };

  it("takes a path for a path, whether it is there or not", () => {
    const HOME = home();
    expect(findRecipe("recipes/matomo", { HOME })).toBe("recipes/matomo");
    expect(findRecipe("./matomo", { HOME })).toBe("./matomo");
  });

  it("finds a name among pullproof's own recipes first, and then among those that abra keeps", () => {
    const HOME = home();
    expect(findRecipe("courier", { HOME })).toBe(fixtureRecipes.courier);
    expect(findRecipe("matomo", { HOME })).toBe(join(HOME, ".abra/recipes/matomo"));
    expect(findRecipe("gitea", { HOME, ABRA_DIR: join(HOME, "other") })).toBe(
      join(HOME, "other/recipes/gitea"),
    );
  });

  it.each(["gitea", "..", "constructor", ""])("leaves %j as it is, which leads nowhere", (text) => {
    expect(findRecipe(text, { HOME: home() })).toBe(text);
  });
});
