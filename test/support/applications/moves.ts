import fc from "fast-check";
import { int64, sizeOf } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import {
  axesOf,
  axisOf,
  bent,
  extent,
  flag,
  indices,
  narrower,
  onAxis,
  scalarOf,
  shapeOf,
  spatial,
  unary,
} from "./application.ts";
import type { Generator } from "./application.ts";

const reshape: Generator = shapeOf(1, 4).chain((shape) =>
  fc
    .tuple(
      fc.shuffledSubarray(shape, { minLength: shape.length }),
      fc.nat(shape.length),
      fc.constantFrom("plain", "free", "kept", "wrong"),
    )
    .map(([dims, merged, how]) => {
      const target = merged < dims.length ? [sizeOf(dims.slice(0, merged + 1)), ...dims.slice(merged + 1)] : dims;
      const free = target.map((dim, i) => (i === target.length - 1 ? -1 : dim));
      const kept = shape.map((dim, i) => (i === 0 ? 0 : i === 1 ? -1 : dim));
      const wanted = { plain: target, free, kept, wrong: [...target, 2] }[how];
      return { inputs: [shape, int64(wanted)] };
    }),
);

const TO_THE_END = 2 ** 31 - 1;

const slice: Generator = shapeOf(1, 3).chain((shape) =>
  fc
    .tuple(
      axesOf(shape.length),
      fc.array(
        fc.tuple(
          fc.integer({ min: -7, max: 7 }),
          fc.constantFrom(-7, -2, 0, 1, 3, 5, TO_THE_END),
          fc.constantFrom(1, 1, 2, -1, -2),
        ),
        {
          minLength: 3,
          maxLength: 3,
        },
      ),
    )
    .map(([axes, cuts]) => {
      // "to the end" is a large number in the direction of the step
      const used = cuts
        .slice(0, axes.length)
        .map(([start, end, step]) => [start, step < 0 && end === TO_THE_END ? -TO_THE_END : end, step] as const);
      const column = (i: 0 | 1 | 2): TensorData => int64(used.map((cut) => cut[i]));
      return { inputs: [shape, column(0), column(1), int64(axes), column(2)] };
    }),
);

const split: Generator = fc
  .tuple(shapeOf(1, 3), fc.array(extent, { minLength: 1, maxLength: 3 }), fc.boolean(), fc.nat(2))
  .chain(([shape, sizes, named, at]) => {
    const axis = at % shape.length;
    const total = sizes.reduce((sum, n) => sum + n, 0);
    return bent(shape.with(axis, named ? total : total * sizes.length)).map((whole) => ({
      inputs: [whole, ...(named ? [int64(sizes)] : [])],
      attrs: { axis: at % 2 ? axis - shape.length : axis },
      outputCount: sizes.length,
    }));
  });

const pad: Generator = shapeOf(1, 4).chain((shape) =>
  fc
    .tuple(spatial(2 * shape.length, -1, 2), fc.constantFrom("constant", "constant", "edge", "reflect"))
    .map(([pads, mode]) => ({
      inputs: [
        shape,
        int64(
          mode === "reflect"
            ? pads.map((p) => Math.max(0, Math.min(p, Math.min(...shape) - 1)))
            : mode === "edge"
              ? pads.map(Math.abs)
              : pads,
        ),
      ],
      attrs: { mode },
    })),
);

const concat: Generator = fc
  .tuple(shapeOf(1, 4), fc.array(extent, { minLength: 1, maxLength: 3 }), fc.nat(3))
  .chain(([shape, sizes, at]) => {
    const axis = at % shape.length;
    return fc
      .tuple(...sizes.map((size) => bent(shape.with(axis, size))))
      .map((inputs) => ({ inputs, attrs: { axis: at > 1 ? axis - shape.length : axis } }));
  });

const gather: Generator = shapeOf(1, 3).chain((shape) =>
  fc.tuple(shapeOf(0, 3), axisOf(shape.length)).map(([of, axis]) => ({
    inputs: [shape, indices(of, shape.at(axis < shape.length ? axis : 0) ?? 1)],
    attrs: { axis },
  })),
);

const blocks = (depth: boolean): Generator =>
  fc.tuple(extent, extent, extent, extent, fc.constantFrom(1, 2, 3)).map(([n, c, h, w, blocksize]) => ({
    inputs: [depth ? [n, c * blocksize ** 2, h, w] : [n, c, h * blocksize, w * blocksize]],
    attrs: { blocksize },
  }));

/** Moving elements, and shapes. */
export const moves: Readonly<Record<string, Generator>> = {
  Flatten: onAxis((rank) => fc.integer({ min: -rank, max: rank }).map((axis) => ({ axis }))),
  Reshape: reshape,
  Squeeze: shapeOf(1, 4).chain((shape) =>
    fc
      .tuple(fc.subarray(shape.flatMap((dim, i) => (dim === 1 || i === 0 ? [i, i - shape.length] : []))), fc.boolean())
      .map(([axes, given]) => ({ inputs: [shape, ...(given && axes.length > 0 ? [int64(axes)] : [])] })),
  ),
  Unsqueeze: shapeOf(0, 3).chain((shape) =>
    fc
      .array(fc.integer({ min: -shape.length - 1, max: shape.length }), { minLength: 1, maxLength: 2 })
      .map((axes) => ({ inputs: [shape, int64(axes)] })),
  ),
  Transpose: shapeOf(1, 4).chain((shape) =>
    fc
      .tuple(
        fc.shuffledSubarray(
          shape.map((_, i) => i),
          { minLength: shape.length - (shape.length > 2 ? 1 : 0) },
        ),
        fc.boolean(),
      )
      .map(([perm, given]) => ({ inputs: [shape], attrs: given ? { perm } : {} })),
  ),
  Concat: concat,
  Split: split,
  Slice: slice,
  Pad: pad,
  Expand: shapeOf(0, 4).chain((full) =>
    fc.tuple(narrower(full), narrower(full)).map(([x, target]) => ({ inputs: [x, int64(target)] })),
  ),
  Tile: shapeOf(1, 3).chain((shape) =>
    spatial(shape.length, 0, 3).map((repeats) => ({ inputs: [shape, int64(repeats)] })),
  ),
  Gather: gather,
  ScatterElements: shapeOf(1, 3).chain((shape) =>
    fc.nat(shape.length - 1).map((axis) => ({
      inputs: [shape, indices(shape.with(axis, 1), shape[axis] ?? 1), shape.with(axis, 1)],
      attrs: { axis },
    })),
  ),
  Shape: onAxis((rank) =>
    fc.record({
      start: fc.integer({ min: -rank - 1, max: rank + 1 }),
      end: fc.integer({ min: -rank - 1, max: rank + 1 }),
    }),
  ),
  Size: unary(),
  ConstantOfShape: shapeOf(1, 3).map((dims) => ({
    inputs: [int64(dims)],
    attrs: { value: { dtype: "int64", shape: [1], data: BigInt64Array.of(3n) } },
  })),
  Range: fc
    .tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: -5, max: 9 }), fc.constantFrom(-2, -1, 1, 2, 3))
    .map((values) => ({ inputs: values.map((v) => scalarOf("int64", v)) })),
  OneHot: shapeOf(1, 3).chain((of) =>
    fc
      .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: -of.length - 1, max: of.length }))
      .map(([depth, axis]) => ({
        inputs: [
          indices(of, depth),
          scalarOf("int64", depth),
          { dtype: "float32", shape: [2], data: Float32Array.of(0, 1) },
        ],
        attrs: { axis },
      })),
  ),
  GatherElements: shapeOf(1, 3).chain((shape) =>
    fc
      .nat(shape.length - 1)
      .map((axis) => ({ inputs: [shape, indices(shape.with(axis, 2), shape[axis] ?? 1)], attrs: { axis } })),
  ),
  GatherND: shapeOf(1, 4).chain((shape) =>
    fc
      .tuple(fc.integer({ min: 1, max: shape.length }), shapeOf(0, 2))
      .map(([depth, of]) => ({ inputs: [shape, indices([...of, depth], 1)] })),
  ),
  ScatterND: shapeOf(1, 3).chain((shape) =>
    fc
      .integer({ min: 1, max: shape.length })
      .map((depth) => ({ inputs: [shape, indices([1, depth], 1), [1, ...shape.slice(depth)]] })),
  ),
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
  Trilu: shapeOf(2, 4).map((shape) => ({ inputs: [shape] })),
  CumSum: shapeOf(1, 4).chain((shape) =>
    fc.nat(shape.length - 1).map((axis) => ({ inputs: [shape, scalarOf("int64", axis)] })),
  ),
  TopK: shapeOf(1, 4).chain((shape) =>
    fc.tuple(fc.nat(shape.length - 1), extent, fc.boolean()).map(([axis, k, back]) => ({
      inputs: [shape, int64([k])],
      attrs: { axis: back ? axis - shape.length : axis },
      outputCount: 2,
    })),
  ),
  ReverseSequence: shapeOf(2, 4).map((shape) => ({ inputs: [shape, { dtype: "int64", of: shape.slice(1, 2) }] })),
  Compress: shapeOf(1, 3).chain((shape) =>
    fc
      .tuple(fc.array(flag, { minLength: 1, maxLength: 3 }), fc.constantFrom({}, { axis: 0 }, { axis: -1 }))
      .map(([of, attrs]) => ({
        inputs: [shape.map((dim) => dim + 3), { dtype: "bool", shape: [of.length], data: Uint8Array.from(of) }],
        attrs,
      })),
  ),
  Resize: shapeOf(3, 4).chain((shape) =>
    fc.tuple(spatial(shape.length - 2, 1, 6), fc.boolean()).map(([sizes, scaled]) => {
      const factors = Float32Array.from([1, 1, ...sizes.map((size) => size / 2)]);
      const scales: TensorData = { dtype: "float32", shape: [shape.length], data: factors };
      return {
        inputs: [shape, undefined, ...(scaled ? [scales] : [undefined, int64([...shape.slice(0, 2), ...sizes])])],
      };
    }),
  ),
  NonZero: shapeOf(1, 3).map((shape) => ({ inputs: [shape] })),
  EyeLike: shapeOf(2, 2).map((shape) => ({ inputs: [shape] })),
};
