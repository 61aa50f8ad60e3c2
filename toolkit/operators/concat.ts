import { ToolkitError } from "../errors.ts";
import type { Dim } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { formatShape, normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { sumDims } from "./dims.ts";
import { cut } from "./pieces.ts";

export const concat: Operator = {
  type: "Concat",
  infer: ({ input, inputs, attrs, where }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
    const joined = sumDims(inputs.map((t) => t?.shape[axis] ?? 0));
    const other = inputs.find((t) => t && !joins(t.shape, shape, axis));
    if (other) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot join ${formatShape(shape)} and ${formatShape(other.shape)} along axis ${axis} in ${where}`,
      );
    }
    return [
      {
        dtype,
        shape: shape.map((dim, i) =>
          i === axis ? joined : (inputs.find((t) => typeof t?.shape[i] === "number")?.shape[i] ?? dim),
        ),
      },
    ];
  },
  gradient: ({ b, node, x, dy, attrs }) => {
    const axis = normaliseAxis(attrs.int("axis", 0), x().shape.length, "Concat");
    const extents = node.inputs.map((v) => v?.shape[axis] ?? 0);
    return node.inputs.map((_, i) => () => {
      const part = knownPart(extents, i);
      return part
        ? cut(b, dy(), axis, ...part)
        : b.gradient("ConcatGradient", [dy(), ...node.inputs], { axis, index: i });
    });
  },
};

/** Whether two shapes differ in nothing but the extent along `axis`, as far as their extents are numbers. */
function joins(a: readonly Dim[], b: readonly Dim[], axis: number): boolean {
  const fits = (p: Dim, q: Dim | undefined): boolean => p === q || typeof p === "string" || typeof q === "string";
  return a.length === b.length && a.every((dim, i) => i === axis || fits(dim, b[i]));
}

/** Where part `i` of joined extents begins and ends, counted from either side; undefined where unknown extents lie on both, or it is not known itself. */
export function knownPart(extents: readonly Dim[], i: number): readonly [number, number?] | undefined {
  const [before, own, after] = [sumDims(extents.slice(0, i)), extents[i] ?? 0, sumDims(extents.slice(i + 1))];
  // an empty part has no place that can be counted from the end
  if (own === 0) return [0, 0];
  const start = typeof before === "number" ? before : undefined;
  const left = typeof after === "number" ? after : undefined;
  if (start !== undefined && typeof own === "number") return [start, start + own];
  const end = left ? -left : undefined;
  if (start !== undefined && left !== undefined) return end === undefined ? [start] : [start, end];
  if (left === undefined || typeof own !== "number") return undefined;
  return end === undefined ? [-own] : [-left - own, end];
}

/** Sizes come as the second input, or the extent is cut into equal parts. */
export const split: Operator = {
  type: "Split",
  infer: ({ input, constant, attrs, outputCount, where }) => {
    const { dtype, shape } = input(0);
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
    const given = constant(1);
    const extent = shape[axis] ?? 1;
    const sizes = given ? toNumbers(given) : equalParts(extent, outputCount);
    if (typeof extent === "number" && (sumDims(sizes) !== extent || sizes.length !== outputCount)) {
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot split ${extent} into ${outputCount} parts [${sizes.join()}] in ${where}`,
      );
    }
    return sizes.map((size) => ({ dtype, shape: shape.map((dim, i) => (i === axis ? size : dim)) }));
  },
  gradient: ({ b, node, dy, attrs }) => [
    () =>
      b.op(
        "Concat",
        node.outputs.map((_, i) => dy(i)),
        { axis: attrs.int("axis", 0) },
      ),
    null,
  ],
};

function equalParts(extent: Dim, count: number): readonly Dim[] {
  if (typeof extent === "string") return Array.from({ length: count }, () => `(${extent}/${count})`);
  return Array.from({ length: count }, () => Math.floor(extent / count));
}
