import { toNumbers } from "../../graph/tensor.ts";
import { shareBeside } from "./batch-place.ts";
import type { Rewrites } from "./rewrite.ts";

/**
 * torch's exporter writes a view by strides as the flat elements, gathered by their places. Where those are all elements in their order it is a Reshape,
 * which holds for any number of pictures.
 */
export const flatViews: Rewrites = {
  Gather: (r) => {
    const { shape } = r.input(0);
    const places = r.constant(1);
    const pictures = shareBeside(shape[0]);
    const [first, ...rest] = places?.shape ?? [];
    const fits = shape.length === 1 && pictures !== undefined && r.batch !== undefined && first === r.batch;
    const inOrder = fits && places?.data.length === pictures * r.batch && toNumbers(places).every((p, i) => p === i);
    return inOrder
      ? r.emit("Reshape", [r.input(0), r.b.ints([-1, ...rest])])
      : r.emit("Gather", r.inputs, r.node.attrs);
  },
};
