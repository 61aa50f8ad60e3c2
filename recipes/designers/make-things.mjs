// Makes things.json, which class a drawn thing is of: node recipes/designers/make-things.mjs EMOJIBASE > recipes/designers/things.json,
// where EMOJIBASE is the folder of the npm package emojibase-data 17.0.0, whose subgroups are Unicode's own (emoji-test.txt).
import { readFileSync } from "node:fs";
import { join } from "node:path";

const CLASSES = {
  face: /^face-/,
  animal: /^animal-/,
  food: /^(food-|drink$)/,
  vehicle: /^transport-(ground|water|air)$/,
  building: /^place-(building|religious)$/,
  clock: /^time$/,
  plant: /^plant-/,
  instrument: /^musical-instrument$/,
  clothes: /^clothing$/,
  heart: /^heart$/,
  sport: /^sport$/,
};

const [, , root = ""] = process.argv;
const read = (path) => JSON.parse(readFileSync(join(root, path), "utf8"));
const { subgroups } = read("meta/groups.json");
const things = {};
for (const { hexcode, subgroup } of read("en/data.json")) {
  const name = subgroups[subgroup] ?? "";
  const found = Object.entries(CLASSES).find(([, pattern]) => pattern.test(name));
  // the icon sets leave out the mark that asks for a coloured picture
  if (found) things[hexcode.toLowerCase().replaceAll("-fe0f", "")] = found[0];
}
console.log(
  JSON.stringify(
    Object.fromEntries(Object.entries(things).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    undefined,
    0,
  ).replaceAll(",", ",\n"),
);
