import type { TensorType, Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { broadcastShapes, normaliseAxis } from "../graph/shape.ts";
import { standardised, standardisedGradient } from "./standardised.ts";

/**
 * y = scale (x - mean) / sqrt(variance + epsilon) + bias over the axes from `axis` on; bias may be left out.
 * What reads the second and third output (mean and inverse deviation) gets no gradient through them.
 */
export const layerNormalization: Operator = {
  type: "LayerNormalization",
  infer: ({ input, attrs, outputCount, where }) => {
    const { shape } = input(0);
    const first = normaliseAxis(attrs.int("axis", -1), shape.length, where);
    // a scale for each element: it says that a network takes one size of picture only
    broadcastShapes(shape.slice(first), input(1).shape, where);
    const statistics: TensorType = { dtype: "float32", shape: shape.map((dim, i) => (i < first ? dim : 1)) };
    return [input(0), statistics, statistics].slice(0, outputCount);
  },
  gradient: ({ b, x, dy, attrs }) => {
    const first = normaliseAxis(attrs.int("axis", -1), x().shape.length, "LayerNormalization");
    const axes = x()
      .shape.map((_, i) => i)
      .slice(first);
    const own = () => standardised(b, x(), axes, attrs.float("epsilon", 1e-5));
    const scaled = (): Value => b.op("Mul", [dy(), x(1)]);
    return [() => standardisedGradient(b, scaled(), own()), () => b.op("Mul", [dy(), own().normal]), () => dy()];
  },
};
