import { ToolkitError } from "../errors.ts";
import { elementTypeOf } from "../graph/element-type.ts";
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
    return [{ dtype, shape: given ? toNumbers(given) : unknownDims(input(0), input(0).name) }];
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
    return [
      {
        dtype: input(0).dtype,
        shape: [
          known
            ? Math.max(0, Math.ceil((limit - start) / delta))
            : `range(${[0, 1, 2].map((i) => input(i).name).join()})`,
        ],
      },
    ];
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
    const extent = depth ? (toNumbers(depth)[0] ?? 0) : `depth(${input(1).name})`;
    return [{ dtype: input(2).dtype, shape: [...dims.slice(0, at), extent, ...dims.slice(at)] }];
  },
  gradient: null,
};

/** Ones on a diagonal; the element type is that of the input where none is given. */
export const eyeLike: Operator = {
  type: "EyeLike",
  infer: ({ input, attrs, where }) => {
    const { dtype, shape: dims } = input(0);
    return [{ dtype: attrs.has("dtype") ? elementTypeOf(attrs.int("dtype", 1), where) : dtype, shape: dims }];
  },
  gradient: null,
};

/** The places of elements other than 0, one column each; how many there are is known when the graph runs. */
export const nonZero: Operator = {
  type: "NonZero",
  infer: ({ input }) => [{ dtype: "int64", shape: [input(0).shape.length, `nonzero(${input(0).name})`] }],
  gradient: null,
};
