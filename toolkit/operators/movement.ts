import { normaliseAxis } from "../graph/shape.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import { sizeOf } from "../graph/tensor.ts";
import { taken } from "./slice.ts";

/** Where each element of the result lies in the operand; no `source` means they lie in the same order. */
export interface Movement {
  readonly shape: readonly number[];
  readonly source?: readonly number[];
}

/** What a movement rule may look at: the operand's shape, the attributes, and the integer elements of the other inputs. */
export interface MovementInput {
  readonly shape: readonly number[];
  readonly attrs: AttributeReader;
  readonly ints: (i: number) => readonly number[] | undefined;
  /** The shape of another input. */
  readonly shapeOf: (i: number) => readonly number[];
}

/** Operators that only move elements of their first input; undefined where the other inputs are not known. */
export const movements: Readonly<Record<string, (m: MovementInput) => Movement | undefined>> = {
  Reshape: ({ shape, ints }) => {
    const target = ints(1)?.map((dim, i) => (dim === 0 ? (shape[i] ?? 0) : dim));
    if (!target) return undefined;
    const known = target.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
    return { shape: target.map((dim) => (dim === -1 ? sizeOf(shape) / known : dim)) };
  },
  Flatten: ({ shape, attrs }) => {
    const axis = normaliseFlatten(attrs.int("axis", 1), shape.length);
    return { shape: [sizeOf(shape.slice(0, axis)), sizeOf(shape.slice(axis))] };
  },
  Squeeze: ({ shape, ints, attrs }) => {
    const axes = ints(1)?.map((axis) => normaliseAxis(axis, shape.length, "Squeeze"));
    if (attrs.has("axes")) return undefined;
    return { shape: shape.filter((dim, i) => (axes ? !axes.includes(i) : dim !== 1)) };
  },
  Unsqueeze: ({ shape, ints }) => {
    const axes = ints(1);
    if (!axes) return undefined;
    const rank = shape.length + axes.length;
    const added = new Set(axes.map((axis) => normaliseAxis(axis, rank, "Unsqueeze")));
    const rest = [...shape];
    return { shape: Array.from({ length: rank }, (_, i) => (added.has(i) ? 1 : (rest.shift() ?? 1))) };
  },
  Transpose: ({ shape, attrs }) => {
    const order = attrs.ints("perm", shape.map((_, i) => i).toReversed());
    const strides = stridesOf(shape);
    const moved = order.map((axis) => shape[axis] ?? 1);
    return {
      shape: moved,
      source: gatherIndices(
        moved,
        order.map((axis) => strides[axis] ?? 0),
      ),
    };
  },
  Expand: ({ shape, ints }) => {
    const target = ints(1);
    if (!target) return undefined;
    const rank = Math.max(target.length, shape.length);
    const at = (dims: readonly number[], i: number): number => dims[i - rank + dims.length] ?? 1;
    const wide = Array.from({ length: rank }, (_, i) => Math.max(at(target, i), at(shape, i)));
    const strides = stridesOf(shape);
    const steps = wide.map((_, i) => (at(shape, i) === 1 ? 0 : (strides[i - rank + shape.length] ?? 0)));
    return { shape: wide, source: gatherIndices(wide, steps) };
  },
  Gather: ({ shape, attrs, ints, shapeOf }) => {
    const indices = ints(1);
    if (!indices) return undefined;
    const axis = normaliseAxis(attrs.int("axis", 0), shape.length, "Gather");
    const extent = shape[axis] ?? 1;
    const inner = sizeOf(shape.slice(axis + 1));
    const outer = sizeOf(shape.slice(0, axis));
    const rows = indices.map((i) => (i < 0 ? i + extent : i));
    const source: number[] = [];
    for (let o = 0; o < outer; o++) {
      for (const row of rows) for (let i = 0; i < inner; i++) source.push((o * extent + row) * inner + i);
    }
    return { shape: [...shape.slice(0, axis), ...shapeOf(1), ...shape.slice(axis + 1)], source };
  },
  Slice: ({ shape, ints }) => {
    const [starts, ends] = [ints(1), ints(2)];
    if (!starts || !ends) return undefined;
    const axes = ints(3) ?? starts.map((_, i) => i);
    const ranges = shape.map((dim) => Array.from({ length: dim }, (_, i) => i));
    for (const [k, raw] of axes.entries()) {
      const axis = normaliseAxis(raw, shape.length, "Slice");
      const step = ints(4)?.[k] ?? 1;
      const { first, count } = taken({ start: starts[k] ?? 0, end: ends[k] ?? 0, step }, shape[axis] ?? 1);
      ranges[axis] = Array.from({ length: count }, (_, i) => first + i * step);
    }
    const strides = stridesOf(shape);
    const source = ranges.reduce(
      (bases, range, axis) => bases.flatMap((base) => range.map((i) => base + i * (strides[axis] ?? 1))),
      [0],
    );
    return { shape: ranges.map((range) => range.length), source };
  },
};

function normaliseFlatten(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => sizeOf(shape.slice(i + 1)));
}

/** For each element of a row-major result, its place in an operand read with these strides. */
function gatherIndices(shape: readonly number[], strides: readonly number[]): number[] {
  const source = Array.from<number>({ length: sizeOf(shape) });
  const at = shape.map(() => 0);
  let place = 0;
  for (let i = 0; i < source.length; i++) {
    source[i] = place;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (at[axis] ?? 0) + 1;
      place += strides[axis] ?? 0;
      if (next < (shape[axis] ?? 1)) {
        at[axis] = next;
        break;
      }
      at[axis] = 0;
      place -= next * (strides[axis] ?? 0);
    }
  }
  return source;
}
