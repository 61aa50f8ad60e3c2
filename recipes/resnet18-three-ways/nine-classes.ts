import { epochOrder } from "../../toolkit/data/augment.ts";
import { datasetOf, partsOf, ToolkitError } from "../../toolkit/node.ts";
import type { Dataset, DataSource, Part } from "../../toolkit/node.ts";

/** As many as the course's tissues. */
export const CLASSES = 9;

/** Pictures of each class. */
export interface Amounts {
  readonly train: number;
  readonly test: number;
}

/** Streams of random numbers, so that which pictures train says nothing of which test. */
const STREAMS = { train: 0, test: 1 } as const;

/**
 * The first nine classes of a source, and of each so many pictures to learn from and to test on (all where there are fewer), drawn by the seed. Those to test
 * on are the source's own test pictures, else those that validate, else a fifth of each class.
 * @throws E_DATA_CLASSES for fewer than nine classes
 */
export async function nineClasses(source: DataSource, seed: number, amounts: Amounts): Promise<Dataset> {
  const all = source.classes ?? [...new Set(source.entries.flatMap(({ labels }) => labels))].toSorted();
  if (all.length < CLASSES) {
    throw new ToolkitError("E_DATA_CLASSES", `Cannot use ${all.length} classes: expected ${CLASSES} or more`, {
      hint: "give the folder of CIFAR-10, or PathMNIST's file",
    });
  }
  const classes = all.slice(0, CLASSES);
  const parts = await partsOf(source, { seed });
  const held: Part = parts.includes("test") ? "test" : "validation";
  const chosen = new Map<number, Part>();
  for (const label of classes) {
    const of = (part: Part): readonly number[] =>
      source.entries.flatMap(({ labels }, i) => (labels[0] === label && parts[i] === part ? [i] : []));
    for (const i of drawn(of("train"), amounts.train, seed, STREAMS.train)) chosen.set(i, "train");
    for (const i of drawn(of(held), amounts.test, seed, STREAMS.test)) chosen.set(i, "validation");
  }
  return datasetOf(
    { ...source, classes },
    source.entries.map((_, i) => chosen.get(i)),
    "nine classes",
  );
}

function drawn(members: readonly number[], count: number, seed: number, stream: number): readonly number[] {
  return [...epochOrder(members.length, seed, stream)].slice(0, count).map((at) => members[at] ?? -1);
}
