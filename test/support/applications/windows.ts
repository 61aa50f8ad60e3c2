import fc from "fast-check";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { bent, extent, flag, narrower, shapeOf, spatial } from "./application.ts";
import type { Application, Generator } from "./application.ts";

/** Strides (of a pool no larger than its kernel: ONNX Runtime refuses that), dilations and padding of a window; sometimes `auto_pad` in the place of the padding. */
const window = (rank: number, dilate: boolean, pad = 1, stride = 3): fc.Arbitrary<Attributes> =>
  fc
    .record({
      strides: fc.option(spatial(rank, 1, stride), { nil: undefined }),
      dilations: dilate ? fc.option(spatial(rank, 1, 2), { nil: undefined }) : fc.constant(undefined),
      padding: fc.oneof(
        fc.constant({}),
        spatial(2 * rank, 0, pad).map((pads) => ({ pads })),
        fc.constantFrom("SAME_UPPER", "SAME_LOWER", "VALID").map((auto) => ({ auto_pad: auto })),
      ),
    })
    .map(({ strides, dilations, padding }): Attributes =>
      Object.assign(
        {},
        strides ? { strides } : {},
        dilations && !("auto_pad" in padding) ? { dilations } : {},
        padding,
      ),
    );

const conv: Generator = fc
  .record({
    rank: fc.constantFrom(1, 2, 2, 3),
    group: fc.constantFrom(1, 1, 2, 3),
    perGroup: extent,
    filters: extent,
    bias: fc.boolean(),
  })
  .chain(({ rank, group, perGroup, filters, bias }) =>
    fc
      .tuple(spatial(rank, 1, 9), spatial(rank, 1, 3), window(rank, true, 2), bent([2, perGroup * group]))
      .map(([map, kernel, attrs, front]) => ({
        inputs: [[...front, ...map], [filters * group, perGroup, ...kernel], ...(bias ? [[filters * group]] : [])],
        attrs: { ...attrs, group },
      })),
  );

const convTranspose: Generator = fc
  .record({ rank: fc.constantFrom(1, 2, 2), group: fc.constantFrom(1, 1, 2), perGroup: extent, channels: extent })
  .chain(({ rank, group, perGroup, channels }) =>
    fc
      .tuple(
        spatial(rank, 2, 6),
        spatial(rank, 1, 3),
        spatial(rank, 1, 3),
        fc.boolean(),
        spatial(2 * rank, 0, 1),
        bent([2, channels * group]),
      )
      .map(([map, kernel, strides, extra, pads, front]) => ({
        inputs: [
          [...front, ...map],
          [channels * group, perGroup, ...kernel],
        ],
        attrs: { strides, pads, group, ...(extra ? { output_padding: strides.map((s) => s - 1) } : {}) },
      })),
  );

const pool = (dilate: boolean, outputCount: number): Generator =>
  fc.constantFrom(1, 2, 2, 3).chain((rank) =>
    fc
      .tuple(shapeOf(2, 2), spatial(rank, 1, 9), spatial(rank, 2, 3), window(rank, dilate, 1, 2), flag)
      .map(([front, map, kernel, attrs, ceil]) => ({
        inputs: [[...front, ...map]],
        attrs: { ...attrs, kernel_shape: kernel, ceil_mode: ceil },
        outputCount,
      })),
  );

const gemm: Generator = fc
  .record({
    rows: extent,
    inner: extent,
    columns: extent,
    transA: flag,
    transB: flag,
    c: fc.constantFrom("none", "row", "full", "scalar", "column"),
  })
  .chain(({ rows, inner, columns, transA, transB, c }) => {
    const biases = { none: [], row: [[columns]], full: [[rows, columns]], scalar: [[]], column: [[rows, 1]] };
    return fc
      .tuple(bent(transA ? [inner, rows] : [rows, inner]), bent(transB ? [columns, inner] : [inner, columns]))
      .map(([a, b]) => ({
        inputs: [a, b, ...biases[c]],
        attrs: { transA, transB },
      }));
  });

const matMul: Generator = fc
  .record({ batch: shapeOf(0, 2), rows: fc.option(extent), inner: extent, columns: fc.option(extent) })
  .chain(({ batch, rows, inner, columns }) =>
    fc.tuple(narrower(batch), narrower(batch), bent([inner])).map(([a, b, [k = 1]]) => ({
      inputs: [rows === null ? [inner] : [...a, rows, inner], columns === null ? [k] : [...b, k, columns]],
    })),
  );

const channelNorm: Generator = shapeOf(3, 5).chain((x) =>
  bent([x[1] ?? 1]).map((c) => ({ inputs: [x, [x[1] ?? 1], c] })),
);

const pooled: Generator = shapeOf(3, 5).map((shape) => ({ inputs: [shape] }));

/** Convolution, pooling, normalisation, matrices. */
export const windows: Readonly<Record<string, Generator>> = {
  Conv: conv,
  ConvTranspose: convTranspose,
  MaxPool: fc.constantFrom(1, 2).chain((count) => pool(true, count)),
  AveragePool: pool(false, 1),
  LpPool: pool(false, 1).map(({ inputs, attrs = {} }) => ({
    inputs,
    attrs: Object.fromEntries(Object.entries(attrs).filter(([name]) => name !== "ceil_mode")),
  })),
  GlobalAveragePool: pooled,
  GlobalMaxPool: pooled,
  GlobalLpPool: pooled,
  BatchNormalization: shapeOf(2, 5).chain((x) =>
    bent([x[1] ?? 1]).map((c) => ({ inputs: [x, [x[1] ?? 1], [x[1] ?? 1], c, [x[1] ?? 1]] })),
  ),
  InstanceNormalization: channelNorm,
  LayerNormalization: shapeOf(1, 4).chain((shape) =>
    fc.tuple(fc.nat(shape.length - 1), fc.boolean(), fc.constantFrom(1, 3)).map(([axis, back, outputCount]) => ({
      inputs: [shape, shape.slice(axis), shape.slice(axis)],
      attrs: { axis: back ? axis - shape.length : axis },
      outputCount,
    })),
  ),
  LRN: shapeOf(4, 4).chain((shape) => fc.constantFrom(1, 3, 5).map((size) => ({ inputs: [shape], attrs: { size } }))),
  Gemm: gemm,
  MatMul: matMul,
  Einsum: fc.record({ b: extent, i: extent, j: extent, k: extent }).chain(({ b, i, j, k }) =>
    fc.constantFrom<Omit<Application, "op">>(
      {
        inputs: [
          [b, i, j],
          [b, j, k],
        ],
        attrs: { equation: "bij,bjk->bik" },
      },
      {
        inputs: [
          [b, i, j],
          [j, k],
        ],
        attrs: { equation: "...j,jk" },
      },
      { inputs: [[i, j], [k]], attrs: { equation: "ij,k->kji" } },
      { inputs: [[b, i, j]], attrs: { equation: "bij->jb" } },
      {
        inputs: [
          [b, i, j],
          [b, i, j],
        ],
        attrs: { equation: "b...,b...->..." },
      },
      {
        inputs: [
          [i, j],
          [i, 7],
        ],
        attrs: { equation: "ij,jk->ik" },
      },
    ),
  ),
};
