import { ToolkitError } from "../errors.ts";
import type { Operator } from "../graph/operator.ts";
import { toNumbers } from "../graph/tensor.ts";
import { unknownDims } from "./reshape.ts";

/** Optional `start` and `end` cut the shape, and may count from its end. */
export const shape: Operator = {
  type: "Shape",
  infer: ({ input, attrs }) => {
    const rank = input(0).shape.length;
    const at = (v: number): number => Math.min(Math.max(v < 0 ? v + rank : v, 0), rank);
    return [{ dtype: "int64", shape: [Math.max(0, at(attrs.int("end", rank)) - at(attrs.int("start", 0)))] }];
  },
  gradient: null,
};

export const size: Operator = { type: "Size", infer: () => [{ dtype: "int64", shape: [] }], gradient: null };

export const constantOfShape: Operator = {
  type: "ConstantOfShape",
  infer: ({ input, constant, attrs }) => {
    const given = constant(0);
    const dtype = attrs.tensor("value")?.dtype ?? "float32";
    return [{ dtype, shape: given ? toNumbers(given) : unknownDims(input(0), "filled") }];
  },
  gradient: null,
};

export const range: Operator = {
  type: "Range",
  infer: ({ input, constant, where }) => {
    const [start, limit, delta] = [0, 1, 2].map((i) => {
      const t = constant(i);
      return t && toNumbers(t)[0];
    });
    if (delta === 0) throw new ToolkitError("E_SHAPE", `Cannot run ${where}: its step is 0`);
    const known = start !== undefined && limit !== undefined && delta !== undefined;
    return [{ dtype: input(0).dtype, shape: [known ? Math.max(0, Math.ceil((limit - start) / delta)) : "range"] }];
  },
  gradient: null,
};

export const oneHot: Operator = {
  type: "OneHot",
  infer: ({ input, constant, attrs }) => {
    const { shape: dims } = input(0);
    const depth = constant(1);
    const axis = attrs.int("axis", -1);
    const at = axis < 0 ? axis + dims.length + 1 : axis;
    const extent = depth ? (toNumbers(depth)[0] ?? 0) : "depth";
    return [{ dtype: input(2).dtype, shape: [...dims.slice(0, at), extent, ...dims.slice(at)] }];
  },
  gradient: null,
};
