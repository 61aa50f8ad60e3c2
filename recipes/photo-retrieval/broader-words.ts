import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { WeightedLabel } from "../../toolkit/label/tagger.ts";

/** Numbers of ImageNet's classes, single ones and ranges from one to another. */
type Classes = readonly (number | readonly [number, number])[];

/** For each class its broader word; most have none. */
export type BroaderWords = ReadonlyMap<string, string>;

/** The words that people ask for, such as "dog", above 347 of ImageNet's 1,000 classes, whose `names` are those of the model's labels. */
export async function readBroaderWords(names: readonly string[]): Promise<BroaderWords> {
  const text = await readFile(join("recipes", "photo-retrieval", "broader-words.json"), "utf8");
  const words = Object.entries(JSON.parse(text) as Readonly<Record<string, Classes>>);
  return new Map(
    words.flatMap(([word, classes]) => numbersIn(classes).map((number) => [names[number] ?? "", word] as const)),
  );
}

function numbersIn(classes: Classes): readonly number[] {
  return classes.flatMap((entry) => {
    if (typeof entry === "number") return [entry];
    const [from, to] = entry;
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** The `top` heaviest labels, and each broader word with the sum of all weights below it: one kind of dog or another is a dog. */
export function widen(labels: readonly WeightedLabel[], words: BroaderWords, top: number): readonly WeightedLabel[] {
  const sums = new Map<string, number>();
  for (const { label, weight } of labels) {
    const word = words.get(label);
    if (word !== undefined) sums.set(word, (sums.get(word) ?? 0) + weight);
  }
  const heaviest = labels.toSorted((a, b) => b.weight - a.weight).slice(0, top);
  // float32 probabilities may add up to a little over 1
  return [...heaviest, ...Array.from(sums, ([label, sum]) => ({ label, weight: Math.min(1, sum) }))];
}
