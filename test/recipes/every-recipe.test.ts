import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";

/** What of a recipe its test runs from beginning to end on little data: `main` itself with --tiny, or what `main` calls once it has read its arguments. */
const wholeRuns: ReadonlyMap<string, string> = new Map([
  ["cifar10-convnet", "learnConvnets"],
  ["demo", "demo"],
  ["designers", "main"],
  ["hymenoptera", "main"],
  ["losses-and-optimizers", "lossesAndOptimizers"],
  ["mnist-cnn", "readDigits"],
  ["photo-retrieval", "retrievePhotos"],
  ["resnet18-three-ways", "threeWays"],
  ["several-labels", "learnSeveralLabels"],
  ["toy-diagonals", "toyDiagonals"],
  ["two-layer-net", "learnTwoLayers"],
]);
/** Takes photos or seconds instead. */
const withoutTiny = new Set(["demo"]);

function text(...path: readonly string[]): string {
  return readFileSync(join(root, ...path), "utf8");
}

/** The files of recipes/ that can be run by their name. */
const recipes = readdirSync(join(root, "recipes"))
  .filter((file) => file.endsWith(".ts") && /^export (async )?function main\(/m.test(text("recipes", file)))
  .map((file) => file.replace(/\.ts$/, ""));

describe("recipes", () => {
  it("are those that this test knows", () => {
    assert.deepEqual(recipes.toSorted(), [...wholeRuns.keys()].toSorted());
  });

  for (const recipe of recipes) {
    it(`${recipe} stands in the table of recipes/README.md`, () => {
      assert.match(text("recipes", "README.md"), new RegExp(`^\\| \`${recipe}\` `, "m"));
    });

    it(`${recipe} says at its head what it claims and how to check it`, () => {
      const [head = ""] = /^\/\*\*[^]*?\*\//.exec(text("recipes", `${recipe}.ts`)) ?? [];
      if (!withoutTiny.has(recipe)) assert.match(head, /Claim/);
      assert.match(head, withoutTiny.has(recipe) ? /npm run/ : new RegExp(`npm run recipe ${recipe}[^]*--tiny`));
    });

    it(`${recipe} is run from beginning to end by its test, with --tiny or what that means`, () => {
      const source = text("recipes", `${recipe}.ts`);
      const called = wholeRuns.get(recipe) ?? "";
      const [, main = ""] = /^export async function main\([^]*?\{\n([^]*?)^\}/m.exec(source) ?? [];
      if (!withoutTiny.has(recipe)) assert.match(main, /\btiny: \{ type: "boolean"/);
      if (called !== "main") assert.match(main, new RegExp(`\\b${called}\\(`));
      const own = text("test", "recipes", `${recipe}.test.ts`);
      assert.match(own, called === "main" ? /\bmain\(\[[^\]]*"--tiny"/ : new RegExp(`\\b${called}\\(`));
    });
  }
});
