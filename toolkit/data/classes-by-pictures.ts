import { ToolkitError } from "../errors.ts";
import { hash } from "../graph/random.ts";
import { epochOrder } from "./augment.ts";

/** What a batch for a loss of pairs or triplets is made of. */
export interface ClassesByPictures {
  /** Classes in a batch. */
  readonly classes: number;
  /** Pictures of each of them. */
  readonly pictures: number;
}

/** Keeps these draws apart from those of a shuffle: of classes, and of the pictures of one. */
const [CLASSES, PICTURES] = [11, 12];

/**
 * Which samples an epoch visits where every batch has `pictures` of each of `classes` classes (Hermans et al. 2017, section 2, PK batches): one batch after the
 * other, each of classes * pictures indices, as many batches as the samples would fill. No class and no sample comes twice in a batch, but that a class of fewer
 * than `pictures` fills its place with the same ones again. The order follows from labels, seed and epoch alone, so that a run resumed at a position goes on with the same batches.
 * @throws E_SETTING where there are fewer classes, or where a number is no positive integer
 */
export function classesByPictures(
  labels: ArrayLike<number>,
  { classes, pictures }: ClassesByPictures,
  seed: number,
  epoch: number,
): Int32Array {
  const members = membersOf(labels);
  check({ classes, pictures }, members.length);
  const drawn = members.map(() => 0);
  const batches = Math.floor(labels.length / (classes * pictures));
  const order: number[] = [];
  for (let batch = 0; batch < batches; batch++) {
    for (const place of hand(members.length, classes, batch, hash(seed, epoch, CLASSES))) {
      const own = members[place] ?? [];
      const times = drawn[place] ?? 0;
      drawn[place] = times + 1;
      const taken = hand(own.length, pictures, times, hash(seed, epoch, PICTURES, place));
      order.push(...taken.map((i) => own[i] ?? 0));
    }
  }
  return Int32Array.from(order);
}

/** The indices of the samples of each class that has any; a sample without a label is of none. */
function membersOf(labels: ArrayLike<number>): readonly (readonly number[])[] {
  const members: number[][] = [];
  for (const [i, label] of Array.from(labels).entries()) {
    if (label >= 0) (members[label] ??= []).push(i);
  }
  return members.filter((own) => own.length > 0);
}

/**
 * `size` of `count` cards: as many hands as it has are dealt of a shuffled pack, one after the other, and the next ones of a pack that is shuffled anew.
 * A pack of fewer cards than a hand has is dealt over and over.
 */
function hand(count: number, size: number, number: number, seed: number): readonly number[] {
  const hands = Math.max(1, Math.floor(count / size));
  const pack = epochOrder(count, seed, Math.floor(number / hands));
  const start = (number % hands) * size;
  return Array.from({ length: size }, (_, i) => pack[(start + i) % count] ?? 0);
}

function check({ classes, pictures }: ClassesByPictures, present: number): void {
  for (const [name, value] of Object.entries({ classes, pictures })) {
    if (Number.isInteger(value) && value > 0) continue;
    throw new ToolkitError("E_SETTING", `Cannot draw classes by pictures: expected ${name} of 1 or more, got ${value}`);
  }
  if (classes <= present) return;
  throw new ToolkitError("E_SETTING", `Cannot draw ${classes} classes for each batch: the samples are of ${present}`);
}
