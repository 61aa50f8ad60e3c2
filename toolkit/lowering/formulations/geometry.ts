import { concreteShape } from "../../graph/shape.ts";
import type { TensorType } from "../../graph/ir.ts";
import type { Window } from "../../operators/window.ts";
import { windowOf } from "../../operators/window.ts";
import type { Site } from "../formulation.ts";

/** A window over known extents: `input` and `output` are the spatial extents of x and y. */
export interface Geometry extends Window {
  readonly input: readonly number[];
  readonly output: readonly number[];
}

/** Whether every extent behind batch and channels is a number. */
export function hasSpatialExtents(...values: readonly TensorType[]): boolean {
  return values.every((v) => v.shape.slice(1).every((dim) => typeof dim === "number"));
}

/** How the window of `site` moves over `x` to give `y`. */
export function geometryOf(
  site: Pick<Site, "attrs" | "node">,
  kernel: readonly number[],
  x: TensorType,
  y: TensorType,
): Geometry {
  const input = concreteShape(x.shape.slice(2), site.node.op);
  return { ...windowOf(site.attrs, kernel, input), input, output: concreteShape(y.shape.slice(2), site.node.op) };
}

/** Zero pads in ONNX's order: all begins, then all ends; batch and channels are not padded. */
export function padsOf(begin: readonly number[], end: readonly number[]): readonly number[] {
  return [0, 0, ...begin, 0, 0, ...end];
}

/** Every position of a kernel in row-major order. */
export function tapsOf(kernel: readonly number[]): readonly (readonly number[])[] {
  return kernel.reduce<readonly (readonly number[])[]>(
    (taps, extent) => taps.flatMap((tap) => Array.from({ length: extent }, (_, i) => [...tap, i])),
    [[]],
  );
}

/** Where each element of a window stands from its first, in row-major order. */
export function offsetsOf({ kernel, dilations }: Window): readonly (readonly number[])[] {
  return tapsOf(kernel).map((tap) => tap.map((t, i) => t * (dilations[i] ?? 1)));
}

/** The product of extents. */
export function volume(extents: readonly number[]): number {
  return extents.reduce((n, extent) => n * extent, 1);
}
