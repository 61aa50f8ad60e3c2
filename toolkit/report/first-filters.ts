import type { Graph } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";

/** The filters [O,C,H,W] that a network looks at pictures with, C 3 or 1, before training and after it. */
export interface FirstFilters {
  readonly name: string;
  readonly before: TensorData;
  readonly after: TensorData;
}

/** The filters of the first convolution, where it reads the colours of a picture and has more than one pixel; the same constant of the graph before training. */
export function firstFilters(before: Graph, after: Graph): FirstFilters | undefined {
  const conv = after.nodes.find(({ op, domain }) => op === "Conv" && !domain);
  const name = conv?.inputs[1]?.name ?? "";
  const [was, is] = [before.constants.get(name), after.constants.get(name)];
  const [, channels = 0, height = 0, width = 0] = is?.shape ?? [];
  if (!was || !is || is.dtype !== "float32" || was.shape.join() !== is.shape.join()) return undefined;
  if ((channels !== 3 && channels !== 1) || height * width === 1) return undefined;
  return { name, before: was, after: is };
}
