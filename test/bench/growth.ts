import { network, photos } from "./cases.ts";
import type { BenchCase } from "./cases.ts";

/** What grows, and to what. The first of each is what the others are compared with. */
export const GROWING = {
  batch: [4, 8, 16, 32],
  size: [64, 128, 224],
  photos: [200, 400, 800, 1600],
  threads: [1, 2],
} as const;

export type Growing = keyof typeof GROWING;

/** What is held while something grows: ResNet18, its full step with folded BatchNorm on 8 pictures of 224 px. */
const STEP = { network: "resnet18", work: "step", size: 224, batch: 8, batchNorm: "folded" } as const;

/** Steps of one run: training, too, groups short ones. 32 pictures of 224 px are one. */
function stepsOf(batch: number, size: number): number {
  return Math.max(1, Math.round((32 / batch) * (224 / size) ** 2));
}

const caseOf: Readonly<Record<Growing, (value: number) => BenchCase>> = {
  batch: (batch) => network({ ...STEP, batch }, stepsOf(batch, STEP.size)),
  size: (size) => network({ ...STEP, size, batch: 16 }, stepsOf(16, size)),
  photos: (count) => ({
    ...photos("label", ["data/hymenoptera", "data/photos/images"], { unit: "img/s", items: count }),
    copies: count,
  }),
  threads: (threads) => network({ ...STEP, threads }, stepsOf(STEP.batch, STEP.size)),
};

/** "batch-4" and so on: what grows and how far. */
export const GROWTH: Readonly<Record<string, BenchCase>> = Object.fromEntries(
  (Object.keys(GROWING) as Growing[]).flatMap((what) =>
    GROWING[what].map((value) => [`${what}-${value}`, caseOf[what](value)] as const),
  ),
);
