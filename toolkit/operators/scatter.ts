import { ToolkitError } from "../errors.ts";
import type { GradientInput, Gradients, Operator } from "../graph/operator.ts";
import { zerosLike } from "./like.ts";
import { sameAsInput } from "./unary.ts";

/** Inputs data, indices, updates. With reduction "none" the data under an update has no influence. */
function scattered({ b, node, x, dy, attrs }: GradientInput, gathering: string): Gradients {
  const reduction = attrs.string("reduction", "none");
  if (reduction !== "none" && reduction !== "add") {
    throw new ToolkitError(
      "E_NO_GRADIENT",
      `Cannot differentiate through "${node.op}" with reduction "${reduction}": expected "none" or "add"`,
    );
  }
  const along = attrs.has("axis") ? { axis: attrs.int("axis", 0) } : {};
  return [
    () => (reduction === "add" ? dy() : b.op(node.op, [dy(), x(1), zerosLike(b, x(2))], along)),
    null,
    () => b.op(gathering, [dy(), x(1)], along),
  ];
}

export const scatterElements: Operator = {
  type: "ScatterElements",
  infer: sameAsInput,
  gradient: (g) => scattered(g, "GatherElements"),
};

export const scatterND: Operator = {
  type: "ScatterND",
  infer: sameAsInput,
  gradient: (g) => scattered(g, "GatherND"),
};
