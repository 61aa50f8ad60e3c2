import { ToolkitError } from "../errors.ts";
import type { Operator } from "../graph/operator.ts";
import { concreteShape } from "../graph/shape.ts";
import { offsetDim } from "./dims.ts";
import { sumToChannels } from "./per-channel.ts";
import { spanOf, windowOf } from "./window.ts";

/** Explicit pads only; its filter is [C,M/group,...], that of the Conv whose input gradient it is. */
export const convTranspose: Operator = {
  type: "ConvTranspose",
  infer: ({ input, attrs, where }) => {
    if (attrs.has("output_shape") || attrs.string("auto_pad", "NOTSET").startsWith("SAME")) {
      throw new ToolkitError("E_SHAPE", `Cannot infer the shape of ${where}: expected explicit pads`);
    }
    const [batch, channels, ...spatial] = input(0).shape;
    const [filters] = input(1).shape;
    if (typeof channels === "number" && typeof filters === "number" && channels !== filters) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot run ${where}: the filter reads ${filters} channels, the input has ${channels}`,
      );
    }
    const [, perGroup, ...kernelDims] = input(1).shape;
    const kernel = concreteShape(kernelDims, where);
    const window = windowOf(attrs, kernel, spatial);
    const extra = attrs.ints("output_padding", []);
    const grown = spatial.map((dim, i) => {
      const stride = window.strides[i] ?? 1;
      const rest =
        spanOf(kernel[i] ?? 1, window.dilations[i] ?? 1) -
        stride +
        (extra[i] ?? 0) -
        (window.begin[i] ?? 0) -
        (window.end[i] ?? 0);
      if (typeof dim === "number") return dim * stride + rest;
      return offsetDim(stride === 1 ? dim : `${dim}*${stride}`, rest);
    });
    if (grown.some((dim) => typeof dim === "number" && dim <= 0))
      throw new ToolkitError("E_SHAPE", `Cannot run ${where}: its padding leaves nothing of the map`);
    return [{ dtype: input(0).dtype, shape: [batch ?? 1, Number(perGroup) * attrs.int("group", 1), ...grown] }];
  },
  gradient: ({ b, x, dy, attrs }) => {
    const { output_padding: _, output_shape: __, ...window } = attrs.all;
    return [
      () => b.op("Conv", [dy(), x(1)], window),
      // the transposed convolution read backwards: x is what came out, dy what went in
      () => b.gradient("ConvWeightGradient", [x(0), dy(), x(1)], window),
      () => sumToChannels(b, dy()),
    ];
  },
};
