import type { GraphBuilder } from "../../graph/builder.ts";
import type { Formulation, Site } from "../formulation.ts";
import type { Value } from "../../graph/ir.ts";

/** A shape as a value: a constant where it is known, else read from `like` when the graph runs. */
export function shapeValue(b: GraphBuilder, like: Value): Value {
  const dims = like.shape.filter((dim) => typeof dim === "number");
  return dims.length === like.shape.length ? b.ints(dims) : b.op("Shape", [like]);
}

function towards(type: string, name: string): Formulation {
  return {
    name,
    serves: () => true,
    write: ({ b, x }: Site) => [b.op(type, [x(0), shapeValue(b, x(1))])],
  };
}

export const reshapeLike: readonly Formulation[] = [towards("Reshape", "reshape-like")];
export const expandLike: readonly Formulation[] = [towards("Expand", "expand-like")];
