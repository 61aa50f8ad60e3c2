import type { GraphBuilder } from "../../graph/builder.ts";
import type { Attributes, Value } from "../../graph/ir.ts";
import { sizeOf } from "../../graph/tensor.ts";
import { scalarLike } from "../../operators/like.ts";
import type { Formulation } from "../formulation.ts";
import { shapeValue } from "./like.ts";

/**
 * The operator `type`, run on the places 0, 1, 2, ... of x's elements, says where each element of `dy` came from, and dy is added up there.
 * It needs no extent to be known, and time for an index of every element.
 */
export function scatterBack(
  b: GraphBuilder,
  type: string,
  [dy, x, ...parameters]: readonly [Value, Value, ...(Value | undefined)[]],
  attrs: Attributes = {},
): Value {
  // where the shape is known, so are the places, and the runtime finds them once, when the graph is loaded
  const known = x.shape.every((dim) => typeof dim === "number") ? sizeOf(x.shape.map(Number)) : undefined;
  const count = known === undefined ? b.op("Size", [x]) : b.scalar(known, "int64");
  const length = known === undefined ? b.op("Unsqueeze", [count, b.ints([0])]) : b.ints([known]);
  const shape = shapeValue(b, x);
  const places = b.op("Range", [b.scalar(0, "int64"), count, b.scalar(1, "int64")]);
  const taken = b.op(type, [b.op("Reshape", [places, shape]), ...parameters], attrs);
  const flat = (v: Value): Value => b.op("Reshape", [v, b.ints([-1])]);
  const zeros = b.op("Expand", [scalarLike(b, 0, dy), length]);
  const sums = b.op("ScatterElements", [zeros, flat(taken), flat(dy)], { axis: 0, reduction: "add" });
  return b.op("Reshape", [sums, shape]);
}

const scattered: Formulation = {
  name: "moved-scatter",
  serves: () => true,
  write: ({ b, node, x, attrs }) => {
    const { operator: _, ...rest } = node.attrs;
    return [scatterBack(b, attrs.string("operator", ""), [x(0), x(1), ...node.inputs.slice(2)], rest)];
  },
};

export const movedGradient: readonly Formulation[] = [scattered];
