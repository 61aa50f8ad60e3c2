import { allocate, int64, sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { STEPS } from "../lowering/repeat.ts";
import type { Tensors } from "../runtime/runtime.ts";

/** The feeds of several steps as a repeated step takes them (see `repeat`): each tensor with a first axis more, and how many steps there are. All steps have the same names and shapes. */
export function stackFeeds(feeds: readonly Tensors[]): Tensors {
  const [first = new Map<string, TensorData>()] = feeds;
  const stacked = new Map([...first].map(([name, t]) => [name, stack(feeds.map((step) => step.get(name) ?? t))]));
  return stacked.set(STEPS, { ...int64([feeds.length]), shape: [] });
}

function stack(tensors: readonly TensorData[]): TensorData {
  const [first] = tensors as readonly [TensorData];
  const shape = [tensors.length, ...first.shape];
  if (tensors.length === 1) return { ...first, shape };
  const data = allocate(first.dtype, sizeOf(shape));
  for (const [i, t] of tensors.entries()) data.set(t.data as never, i * t.data.length);
  return { dtype: first.dtype, shape, data };
}
