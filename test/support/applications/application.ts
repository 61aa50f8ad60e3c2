import fc from "fast-check";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { allocate, sizeOf } from "../../../toolkit/graph/tensor.ts";
import type { DType, TensorData } from "../../../toolkit/graph/tensor.ts";

/** An input that is fed (float32 where no type is said), a constant of the graph, or nothing. */
export type Operand =
  | readonly number[]
  | { readonly dtype: DType; readonly of: readonly number[] }
  | TensorData
  | undefined;

/** One operator applied to inputs, which may not fit each other. */
export interface Application {
  readonly op: string;
  readonly inputs: readonly Operand[];
  readonly attrs?: Attributes;
  readonly outputCount?: number;
}

export type Generator = fc.Arbitrary<Omit<Application, "op">>;

/** A small extent. */
export const extent: fc.Arbitrary<number> = fc.integer({ min: 1, max: 5 });
/** An attribute that is 0 or 1. */
export const flag: fc.Arbitrary<number> = fc.constantFrom(0, 1);

/** A shape with a rank in a range. */
export const shapeOf = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(extent, { minLength: min, maxLength: max });

/** An axis of a shape, mostly one that exists, counted from either end. */
export const axisOf = (rank: number): fc.Arbitrary<number> =>
  fc.oneof(
    { weight: 9, arbitrary: fc.integer({ min: -rank, max: Math.max(0, rank - 1) }) },
    { weight: 1, arbitrary: fc.constant(rank + 1) },
  );

/** Some axes of a shape, each counted from either end. */
export const axesOf = (rank: number): fc.Arbitrary<number[]> =>
  fc
    .subarray(Array.from({ length: rank }, (_, i) => i))
    .chain((axes) => fc.tuple(...axes.map((axis) => fc.constantFrom(axis, axis - rank))));

/** Now and then another extent in the place of one. */
export const bent = (shape: readonly number[]): fc.Arbitrary<readonly number[]> =>
  shape.length === 0
    ? fc.constant(shape)
    : fc.oneof(
        { weight: 9, arbitrary: fc.constant(shape) },
        { weight: 1, arbitrary: fc.tuple(fc.nat(shape.length - 1), extent).map(([i, dim]) => shape.with(i, dim)) },
      );

/** A shape that broadcasts to `full`: its last axes, some of extent 1. */
export const narrower = (full: readonly number[]): fc.Arbitrary<readonly number[]> =>
  fc
    .tuple(fc.nat(full.length), fc.array(fc.boolean(), { minLength: full.length, maxLength: full.length }))
    .chain(([from, ones]) => bent(full.map((dim, i) => (ones[i] ? 1 : dim)).slice(from)));

/** A fed input. */
const typed = (dtype: DType, of: readonly number[]): Operand => (dtype === "float32" ? of : { dtype, of });

/** One input of any shape. */
export const unary = (dtype: DType = "float32"): Generator =>
  shapeOf(0, 4).map((of) => ({ inputs: [typed(dtype, of)] }));

/** Inputs that broadcast against each other. */
export const broadcast = (count: number, ...dtypes: readonly DType[]): Generator =>
  fc
    .tuple(shapeOf(0, 4), fc.constantFrom(...dtypes))
    .chain(([full, dtype]) =>
      fc
        .tuple(...Array.from({ length: count }, () => narrower(full)))
        .map((shapes) => ({ inputs: shapes.map((of) => typed(dtype, of)) })),
    );

/** One input, with attributes that depend on its rank. */
export const onAxis = (
  attrs: (rank: number) => fc.Arbitrary<Attributes>,
  min = 1,
  ...more: readonly Operand[]
): Generator =>
  shapeOf(min, 4).chain((shape) => attrs(shape.length).map((a) => ({ inputs: [shape, ...more], attrs: a })));

/** As many numbers as there are axes. */
export const spatial = (rank: number, min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: rank, maxLength: rank });

/** Indices below an extent, as a constant. */
export const indices = (shape: readonly number[], below: number): TensorData => ({
  dtype: "int64",
  shape,
  data: BigInt64Array.from({ length: sizeOf(shape) }, (_, i) => BigInt(i % below)),
});

/** A rank-0 constant. */
export const scalarOf = (dtype: DType, value: number): TensorData => {
  const data = allocate(dtype, 1);
  data.set((data instanceof BigInt64Array ? [BigInt(value)] : [value]) as never);
  return { dtype, shape: [], data };
};
