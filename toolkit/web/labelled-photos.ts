import type { Dataset } from "../data/dataset.ts";
import type { Sample } from "../data/sample.ts";
import { stratifiedSplit, type SplitOptions } from "../data/split.ts";
import { ToolkitError } from "../errors.ts";

/** The photos of a class, by the names under which the decoder knows them. */
export interface PhotoClass {
  readonly name: string;
  readonly photos: readonly string[];
}

/**
 * A data set of photos that were put into classes by hand, divided by seed.
 * @throws E_DATA_ONE_CLASS, E_DATA_EMPTY where a class has no photo, E_DATA_CLASSES where two are called alike
 */
export function labelledPhotos(
  classes: readonly PhotoClass[],
  split: Pick<SplitOptions, "seed" | "validationShare"> = {},
): Dataset {
  const names = classes.map(({ name }) => name);
  if (classes.length < 2) {
    throw new ToolkitError("E_DATA_ONE_CLASS", `Cannot train on ${classes.length} classes: expected two or more`);
  }
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new ToolkitError("E_DATA_CLASSES", `Cannot train: two classes are called "${twice}"`);
  }
  const empty = classes.find(({ photos }) => photos.length === 0);
  if (empty) throw new ToolkitError("E_DATA_EMPTY", `Cannot train: the class "${empty.name}" has no photos`);
  const samples = classes.flatMap(({ name, photos }, label) =>
    photos.map((path): Sample => ({ path, id: `${name}/${path}`, label })),
  );
  return { classes: names, ...stratifiedSplit(samples, split), bad: [] };
}
