import { ToolkitError } from "../errors.ts";
import type { Graph } from "../graph/ir.ts";
import { fillUniform, uniform } from "../graph/random.ts";
import { sizeOf } from "../graph/tensor.ts";
import type { TrainBatch } from "./batch.ts";

export interface RandomBatchOptions {
  /** Samples in the batch. */
  readonly rows: number;
  readonly classes: number;
  /** Side of the pictures, where the graph leaves it open. */
  readonly sizePx?: number;
  readonly seed?: number;
}

/** Size in pixels for a graph that declares none. */
const SIZE_PX = 64;

/**
 * A batch of made-up samples for a graph with one input, labelled 0, 1, 2, ... in turn: pictures [N,C,H,W] of a colour, a wave and noise of their own, which
 * a network can tell apart, or rows [N,F] of random features; of mean 0 and about unit variance.
 * @throws E_GRAPH where the graph has several inputs, or one of another rank
 */
export function randomBatch(
  graph: Graph,
  { rows, classes, sizePx = SIZE_PX, seed = 0 }: RandomBatchOptions,
): TrainBatch {
  const [input, ...others] = graph.inputs;
  if (!input || others.length > 0 || (input.shape.length !== 4 && input.shape.length !== 2)) {
    const found = graph.inputs.map((v) => `${v.name} [${v.shape.join(",")}]`).join(", ") || "none";
    throw new ToolkitError("E_GRAPH", `Cannot make a batch for the inputs ${found}: expected one, [N,3,H,W] or [N,F]`);
  }
  const shape = input.shape.map((dim, axis) => (axis === 0 ? rows : typeof dim === "number" ? dim : sizePx));
  const size = sizeOf(shape.slice(1));
  const data = new Float32Array(rows * size);
  for (let row = 0; row < rows; row++) data.set(sampleOf(shape.slice(1), seed, row), row * size);
  return {
    inputs: new Map([[input.name, { dtype: "float32", shape, data }]]),
    labels: Int32Array.from({ length: rows }, (_, row) => row % classes),
    weight: new Float32Array(rows).fill(1),
    count: rows,
    indices: Int32Array.from({ length: rows }, (_, row) => row),
    position: rows,
  };
}

function sampleOf(shape: readonly number[], seed: number, row: number): Float32Array {
  const noise = fillUniform(sizeOf(shape), seed, row, -1.5, 1.5);
  const [, height, width] = shape;
  if (height === undefined || width === undefined) return noise;
  const random = (what: number): number => uniform(seed, 1_000_003 + row, what);
  const [across, down] = [1 + 6 * random(0), 1 + 6 * random(1)];
  return noise.map((v, i) => {
    const channel = Math.floor(i / (height * width));
    const [y, x] = [Math.floor(i / width) % height, i % width];
    const wave = Math.sin(2 * Math.PI * ((across * x) / width + (down * y) / height + random(10 + channel)));
    return 2.4 * (random(20 + channel) - 0.5) + wave + v / 3;
  });
}
