import { uniform } from "../../toolkit/graph/random.ts";
import { SIDE_PX } from "../mnist-cnn/scans.ts";
import { AREA } from "./digits.ts";
import type { Digits, Sets } from "./digits.ts";
import { CLASSES, NUMBERS } from "./losses.ts";
import { deviation, mean } from "./section.ts";

/** Two numbers of each digit, [N,2]: how far it leans and how wide it is for its height, from the moments of its ink. */
function measure({ ink, labels }: Digits): Float32Array {
  const numbers = new Float32Array(labels.length * NUMBERS);
  for (let i = 0; i < labels.length; i++) {
    const [xx, xy, yy] = moments(ink.subarray(i * AREA, (i + 1) * AREA));
    numbers[i * NUMBERS] = xy / yy;
    numbers[i * NUMBERS + 1] = Math.sqrt(xx / yy);
  }
  return numbers;
}

/** Second moments of ink around its middle. */
function moments(ink: Float32Array): readonly [xx: number, xy: number, yy: number] {
  const sum = (of: (x: number, y: number) => number): number =>
    ink.reduce((total, v, at) => total + v * of(at % SIDE_PX, Math.floor(at / SIDE_PX)), 0);
  const mass = sum(() => 1);
  const [left, top] = [sum((x) => x) / mass, sum((_, y) => y) / mass];
  // a stroke of one pixel still has a width
  const spread = (of: (x: number, y: number) => number): number => sum(of) / mass;
  return [
    spread((x) => (x - left) ** 2) + 1 / 12,
    spread((x, y) => (x - left) * (y - top)),
    spread((_, y) => (y - top) ** 2) + 1 / 12,
  ];
}

/** The sets with the numbers as their targets, each in units of its deviation around its mean over the pictures to learn from. */
export function withNumbers(sets: Sets, raw: Sets): Sets {
  const found = { learn: measure(raw.learn), validation: measure(raw.validation), unseen: measure(raw.unseen) };
  const scales = Array.from({ length: NUMBERS }, (_, k) => {
    const own = found.learn.filter((_value, at) => at % NUMBERS === k);
    return { middle: mean(own), size: deviation(own) };
  });
  const scaled = (digits: Digits, numbers: Float32Array): Digits => ({
    ...digits,
    targets: numbers.map((v, at) => (v - (scales[at % NUMBERS]?.middle ?? 0)) / (scales[at % NUMBERS]?.size ?? 1)),
  });
  return {
    learn: scaled(sets.learn, found.learn),
    validation: scaled(sets.validation, found.validation),
    unseen: scaled(sets.unseen, found.unseen),
  };
}

/** The digits with a share of their numbers written down wrongly: so many deviations too large. */
export function withMistakes(digits: Digits, share: number, size: number, seed: number): Digits {
  const targets = digits.targets?.map((v, at) => (uniform(seed, 21, at) < share ? v + size : v));
  return { ...digits, ...(targets ? { targets } : {}) };
}

/** The digits with a row that is 1 at their class, and their numbers behind it where they have any. */
export function withClassRows({ targets, ...digits }: Digits, width: number = CLASSES): Digits {
  const rows = new Float32Array(digits.labels.length * width);
  for (const [i, label] of digits.labels.entries()) {
    rows[i * width + label] = 1;
    if (targets) rows.set(targets.subarray(i * NUMBERS, (i + 1) * NUMBERS), i * width + CLASSES);
  }
  return { ...digits, targets: rows };
}
