import { epochOrder } from "../../toolkit/data/augment.ts";
import { float32 } from "../../toolkit/node.ts";
import type { Tensors, TrainBatch } from "../../toolkit/node.ts";
import { readScans, SIDE_PX } from "../mnist-cnn/scans.ts";

/** Numbers of a picture. */
export const AREA: number = SIDE_PX * SIDE_PX;

/** Grey pictures as the networks take them, and what is known of each. */
export interface Digits {
  /** [N, 28 * 28] */
  readonly ink: Float32Array;
  readonly labels: Int32Array;
  /** What a loss compares a picture with, where that is not its class alone. */
  readonly targets?: Float32Array;
}

export interface Sets {
  readonly learn: Digits;
  /** Pictures that decide when to stop. */
  readonly validation: Digits;
  /** Pictures that decide nothing. */
  readonly unseen: Digits;
}

/** The scans of the package `mnist` from 0, paper, to 1, ink; of each digit the first `perDigit`. Shuffled: 70 % to learn from, 10 % for validation, 20 % unseen. */
export async function readDigits(seed: number, perDigit?: number): Promise<Sets> {
  const scans = await readScans(perDigit);
  const ink = new Float32Array(scans.length * AREA);
  for (const [i, { picture }] of scans.entries()) {
    // red, green and blue are the same
    const { data = new Uint8Array() } = typeof picture === "object" && "data" in picture ? picture : {};
    for (let at = 0; at < AREA; at++) ink[i * AREA + at] = (data[at * 3] ?? 0) / 255;
  }
  const all = { ink, labels: Int32Array.from(scans, ({ labels }) => Number(labels[0])) };
  const order = epochOrder(scans.length, seed, 0);
  const share = (from: number, to: number): Digits =>
    pick(all, order.subarray(Math.round(from * order.length), Math.round(to * order.length)));
  return { learn: share(0, 0.7), validation: share(0.7, 0.8), unseen: share(0.8, 1) };
}

/** Some of the pictures, in this order. */
export function pick({ ink, labels, targets }: Digits, order: ArrayLike<number>): Digits {
  const rows = (data: Float32Array): Float32Array => {
    const width = data.length / labels.length;
    const picked = new Float32Array(order.length * width);
    for (let i = 0; i < order.length; i++) {
      const from = order[i] ?? 0;
      picked.set(data.subarray(from * width, (from + 1) * width), i * width);
    }
    return picked;
  };
  return {
    ink: rows(ink),
    labels: Int32Array.from(order, (i) => labels[i] ?? 0),
    ...(targets ? { targets: rows(targets) } : {}),
  };
}

/** Pictures as the network's input. */
export function inputsOf({ ink, labels }: Digits): Tensors {
  return new Map([["input", float32([labels.length, 1, SIDE_PX, SIDE_PX], ink)]]);
}

/** Batches of `size` pictures in this order; what is left over at the end is left out. */
// eslint-disable-next-line typescript/require-await -- the interface reads files elsewhere
export async function* inBatches(digits: Digits, order: Int32Array, size: number): AsyncGenerator<TrainBatch, void> {
  for (let start = 0; start + size <= order.length; start += size) {
    const indices = order.subarray(start, start + size);
    const { labels, targets, ink } = pick(digits, indices);
    yield {
      inputs: inputsOf({ ink, labels }),
      labels,
      ...(targets ? { targets } : {}),
      weight: new Float32Array(size).fill(1),
      count: size,
      indices,
      position: start + size,
    };
  }
}

/** Numbers less their mean, over their deviation: of learning and of other pictures by the same two. */
export function normalised({
  learn,
  validation,
  unseen,
}: Sets): Sets & { readonly mean: number; readonly deviation: number } {
  const mean = learn.ink.reduce((sum, v) => sum + v, 0) / learn.ink.length;
  const deviation = Math.sqrt(learn.ink.reduce((sum, v) => sum + (v - mean) ** 2, 0) / learn.ink.length);
  const scaled = (set: Digits): Digits => ({ ...set, ink: set.ink.map((v) => (v - mean) / deviation) });
  return { learn: scaled(learn), validation: scaled(validation), unseen: scaled(unseen), mean, deviation };
}
