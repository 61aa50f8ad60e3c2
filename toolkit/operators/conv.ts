import { ToolkitError } from "../errors.ts";
import type { Operator } from "../graph/operator.ts";
import { concreteShape, formatShape } from "../graph/shape.ts";
import { sumToChannels } from "./per-channel.ts";
import { slide } from "./window.ts";

export const conv: Operator = {
  type: "Conv",
  infer: ({ input, attrs, where }) => {
    const x = input(0);
    const w = input(1);
    const [batch, channels, ...spatial] = x.shape;
    const [filters, perGroup, ...kernel] = w.shape;
    const group = attrs.int("group", 1);
    if (batch === undefined || filters === undefined || perGroup === undefined || spatial.length !== kernel.length) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot run ${where}: a filter ${formatShape(w.shape)} does not fit an input ${formatShape(x.shape)}`,
      );
    }
    if (typeof channels === "number" && typeof perGroup === "number" && channels !== perGroup * group) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot run ${where}: the filter reads ${perGroup * group} channels, the input has ${channels}`,
      );
    }
    return [{ dtype: x.dtype, shape: [batch, filters, ...slide(attrs, concreteShape(kernel, where), spatial, where)] }];
  },
  gradient: ({ b, x, dy, attrs }) => [
    () => b.gradient("ConvInputGradient", [dy(), x(1), x(0)], attrs.all),
    () => b.gradient("ConvWeightGradient", [dy(), x(0), x(1)], attrs.all),
    () => sumToChannels(b, dy()),
  ],
};
