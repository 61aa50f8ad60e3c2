import type { GraphBuilder } from "../graph/builder.ts";
import { ToolkitError } from "../errors.ts";
import type { Value } from "../graph/ir.ts";
import type { InferInput } from "../graph/operator.ts";

/** @throws E_SHAPE where one of the inputs numbered is not a vector of as many elements as input 0 [N,C,...] has channels */
export function checkChannels({ input, where }: InferInput, ...vectors: readonly number[]): void {
  const channels = input(0).shape[1] ?? 1;
  for (const i of vectors) {
    const [own] = input(i).shape;
    if (typeof own === "number" && typeof channels === "number" && own !== channels)
      throw new ToolkitError("E_SHAPE", `Cannot run ${where}: input ${i} has ${own} channels, expected ${channels}`);
  }
}

/** A value for each channel [C], shaped so that it broadcasts against `x` [N,C,...]. */
export function perChannel(b: GraphBuilder, v: Value, x: Value): Value {
  const axes = x.shape.slice(2).map((_, i) => i + 1);
  return axes.length === 0 ? v : b.op("Unsqueeze", [v, b.ints(axes)]);
}

/** The sum of `v` [N,C,...] over everything but channels [C]: the gradient of what was added to every pixel of its channel. */
export function sumToChannels(b: GraphBuilder, v: Value): Value {
  const axes = v.shape.map((_, i) => i).filter((i) => i !== 1);
  return b.op("ReduceSum", [v, b.ints(axes)], { keepdims: 0 });
}
