import { ToolkitError } from "../errors.ts";
import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { multiplyDims } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";

/** The extent that Resize makes of `dim` by a scale. */
export function scaledDim(dim: Dim, scale: number): Dim {
  // the runtime multiplies in single precision
  if (typeof dim === "number") return Math.floor(Math.fround(dim * scale));
  if (scale === 1) return dim;
  return Number.isInteger(scale) ? multiplyDims([dim, scale]) : `floor(${dim}*${scale})`;
}

function elementsOf(t: TensorData | undefined): readonly number[] | undefined {
  // an empty tensor stands for an omitted input
  return t && t.data.length > 0 ? toNumbers(t) : undefined;
}

/** Inputs x, region (unused), scales or sizes. Sizes that are computed when the graph runs are taken to keep batch and channels. */
export const resize: Operator = {
  type: "Resize",
  infer: ({ input, inputs, constant, where }) => {
    const { dtype, shape } = input(0);
    const scales = elementsOf(constant(2));
    const sizes = elementsOf(constant(3));
    if ((scales ?? sizes ?? shape).length !== shape.length) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot run ${where}: it has ${(scales ?? sizes ?? []).length} factors or sizes for an input of rank ${shape.length}`,
      );
    }
    if (sizes) return [{ dtype, shape: sizes }];
    if (scales) return [{ dtype, shape: shape.map((dim, i) => scaledDim(dim, scales[i] ?? 1)) }];
    return [
      {
        dtype,
        shape: shape.map((dim, i) =>
          i < 2
            ? dim
            : `resize(${dim},${inputs
                .slice(2)
                .map((v) => v?.name ?? "")
                .join()})_${i}`,
        ),
      },
    ];
  },
  gradient: ({ b, node, x, dy, attrs }) => {
    if (attrs.string("coordinate_transformation_mode", "half_pixel") === "tf_crop_and_resize") {
      throw new ToolkitError(
        "E_NO_GRADIENT",
        `Cannot differentiate through "Resize" with coordinates "tf_crop_and_resize": expected one without a region`,
      );
    }
    return [
      () => b.gradient("ResizeGradient", [dy(), x(), node.inputs[2], node.inputs[3]], attrs.all),
      null,
      null,
      null,
    ];
  },
};
