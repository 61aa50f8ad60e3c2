import { ToolkitError } from "../errors.ts";
import type { Dim } from "./ir.ts";

/** A shape as text: "[N,3,224,224]". */
export function formatShape(shape: readonly Dim[]): string {
  return `[${shape.join(",")}]`;
}

/**
 * The shape two operands broadcast to (NumPy's rule). A symbolic extent against a number is taken to be that number, against 1 it stays.
 * @throws E_SHAPE where two extents differ and neither is 1
 */
export function broadcastShapes(a: readonly Dim[], b: readonly Dim[], where: string): readonly Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const p = a[i - rank + a.length] ?? 1;
    const q = b[i - rank + b.length] ?? 1;
    if (p === q || q === 1) return p;
    if (p === 1) return q;
    if (typeof p === "string") return q;
    if (typeof q === "string") return p;
    throw new ToolkitError("E_SHAPE", `Cannot broadcast ${formatShape(a)} with ${formatShape(b)} in ${where}`);
  });
}

/** Whether two shapes are the same, name for name. */
export function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}

/** Whether at most one extent is other than 1, whatever the rank: [], [C], [C,1,1]. */
export function isVector(shape: readonly Dim[]): boolean {
  return shape.filter((dim) => dim !== 1).length <= 1;
}

/** An axis in 0..rank-1 from one that may count from the end. */
export function normaliseAxis(axis: number, rank: number, where: string): number {
  if (axis < -rank || axis >= rank) {
    throw new ToolkitError("E_SHAPE", `Cannot use axis ${axis} in ${where}: the operand has rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/**
 * The extents as numbers.
 * @throws E_SHAPE where one is symbolic
 */
export function concreteShape(shape: readonly Dim[], where: string): readonly number[] {
  return shape.map((dim) => {
    if (typeof dim === "number") return dim;
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot use ${formatShape(shape)} in ${where}: the extent "${dim}" is not known yet`,
    );
  });
}

/** The product of extents: a number, or where one is symbolic a name made of them ("N*4"). */
export function multiplyDims(dims: readonly Dim[]): Dim {
  const count = dims.reduce<number>((product, dim) => (typeof dim === "number" ? product * dim : product), 1);
  const names = dims.filter((dim) => typeof dim === "string");
  if (names.length === 0 || count === 0) return count;
  const text = names.join("*");
  return count === 1 ? text : `${text}*${count}`;
}

/**
 * Which axes of a gradient in the broadcast shape `from` must be summed to come back to `to`:
 * those that `to` lacks, and those where it has extent 1.
 */
export function reducedAxes(from: readonly Dim[], to: readonly Dim[]): readonly number[] {
  const offset = from.length - to.length;
  return from.flatMap((dim, i) => (i < offset || (to[i - offset] === 1 && dim !== 1) ? [i] : []));
}
