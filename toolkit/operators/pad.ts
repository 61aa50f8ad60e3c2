import { ToolkitError } from "../errors.ts";
import type { Operator } from "../graph/operator.ts";
import { toNumbers } from "../graph/tensor.ts";
import { offsetDim } from "./dims.ts";

/** Padding with a constant; a negative pad cuts. */
export const pad: Operator = {
  type: "Pad",
  infer: ({ input, constant, where }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    if (!given)
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot infer the shape of ${where}: its pads are computed when the graph runs`,
      );
    const pads = toNumbers(given);
    return [{ dtype, shape: shape.map((dim, i) => offsetDim(dim, (pads[i] ?? 0) + (pads[i + shape.length] ?? 0))) }];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const mode = attrs.string("mode", "constant");
    if (mode !== "constant")
      throw new ToolkitError(
        "E_NO_GRADIENT",
        `Cannot differentiate through "Pad" with mode "${mode}": expected "constant"`,
      );
    const given = b.constantOf(x(1));
    const pads = given ? toNumbers(given) : [];
    return [() => b.op("Pad", [dy(), b.ints(pads.map((p) => 0 - p))]), null, null];
  },
};
