import { ToolkitError } from "../errors.ts";
import type { Dim, TensorType } from "../graph/ir.ts";
import { UNKNOWN_TYPE } from "../graph/ir.ts";
import { formatShape } from "../graph/shape.ts";
import { MAX_ELEMENTS } from "./decode-tensor.ts";
import { dtypeOf } from "../graph/element-type.ts";
import { elementName } from "./element-name.ts";
import { safeInteger } from "./integers.ts";
import type { onnx } from "./schema.js";

/** The type of a value, as far as the file states it. */
export interface StatedType {
  readonly type: TensorType;
  /** Whether the file says how many dimensions there are. */
  readonly hasShape: boolean;
}

/**
 * What a file says about the value called `name`; `where` names it in errors. Dimensions that are neither a number nor named get a name made
 * of the value's and their position. UNKNOWN_TYPE stands for what is not said.
 * @throws E_MODEL_INVALID for sequences, maps and element types that are not supported, E_MODEL_SHAPE for impossible extents
 */
export function decodeType(proto: onnx.ValueInfoProto.$Properties, where: string): StatedType {
  const type = proto.type;
  const tensor = type?.tensor_type;
  if (
    type &&
    !tensor &&
    (type.sequence_type ?? type.map_type ?? type.optional_type ?? type.sparse_tensor_type ?? type.opaque_type)
  ) {
    throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${where}: it is no dense tensor`, {
      hint: "sequences, maps, optional and sparse values are not supported",
    });
  }
  const code = tensor?.elem_type ?? 0;
  const dtype = code === 0 ? UNKNOWN_TYPE.dtype : dtypeOf(code);
  if (!dtype) {
    throw new ToolkitError(
      "E_MODEL_INVALID",
      `Cannot read ${where}: its elements are of type ${elementName(code)}, which is not supported`,
    );
  }
  if (!tensor?.shape) return { type: { ...UNKNOWN_TYPE, dtype }, hasShape: false };
  const shape = (tensor.shape.dim ?? []).map((dim, i) => decodeDim(dim, `${proto.name ?? ""}.${i}`));
  const elements = shape.reduce<number>((product, dim) => (typeof dim === "number" ? product * dim : product), 1);
  if (!(elements <= MAX_ELEMENTS))
    throw new ToolkitError("E_MODEL_SHAPE", `Cannot read ${where}: its shape is ${formatShape(shape)}`);
  return { type: { dtype, shape }, hasShape: true };
}

function decodeDim(dim: onnx.TensorShapeProto.Dimension.$Properties, madeUp: string): Dim {
  if (dim.dim_param) return dim.dim_param;
  // a oneof: present even where it is 0; old exporters write -1 for what is open
  const extent = dim.dim_value == null || !Object.hasOwn(dim, "dim_value") ? -1 : safeInteger(dim.dim_value);
  return extent < 0 ? madeUp : extent;
}
