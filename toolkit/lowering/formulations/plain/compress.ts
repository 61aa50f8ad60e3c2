import { normaliseAxis } from "../../../graph/shape.ts";
import { sizeOf, toNumbers } from "../../../graph/tensor.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { shapeValue } from "../like.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** The axis along which slices of an input of this rank are kept; undefined where elements are. */
function axisOf({ attrs }: Site, rank: number): number | undefined {
  return attrs.has("axis") ? normaliseAxis(attrs.int("axis", 0), rank, "Compress") : undefined;
}

/** How many slices, or elements, there are to be kept; undefined where that is not known. */
function extentOf(site: Site, input: number): number | undefined {
  const { shape } = site.type(input);
  const axis = axisOf(site, shape.length);
  const wanted = axis === undefined ? shape : [shape[axis]];
  return wanted.every((dim) => typeof dim === "number") ? sizeOf(wanted) : undefined;
}

/** The places of input `x` that the constant condition at an input keeps; undefined where that is not known, or none is. */
function kept(site: Site, x: number, condition: number): readonly number[] | undefined {
  const { b, node } = site;
  const v = node.inputs[condition];
  const constant = v && b.constantOf(v);
  const extent = extentOf(site, x);
  if (!constant || extent === undefined) return undefined;
  const places = toNumbers(constant).flatMap((holds, place) => (holds === 0 || place >= extent ? [] : [place]));
  return places.length === 0 ? undefined : places;
}

/** From the places that are kept, which are known. */
const gathered: Formulation = {
  name: "compress-gathered",
  serves: (site) => kept(site, 0, 1) !== undefined,
  pays: lacksKernel,
  write: (site) => {
    const { b, x } = site;
    const axis = axisOf(site, x().shape.length);
    const lines = axis === undefined ? b.op("Reshape", [x(), b.ints([-1])]) : x();
    return [b.op("Gather", [lines, b.ints(kept(site, 0, 1) ?? [])], { axis: axis ?? 0 })];
  },
};

/** Every place takes its gradient, or, where it was not kept, the zero behind the last one. */
const returned: Formulation = {
  name: "compress-gradient-gathered",
  serves: (site) => site.attrs.string("operator", "") === "Compress" && kept(site, 1, 2) !== undefined,
  pays: lacksKernel,
  write: (site) => {
    const { b, x } = site;
    const [dy, like] = [x(0), x(1)];
    const rank = dy.shape.length;
    const axis = axisOf(site, rank) ?? 0;
    const places = kept(site, 1, 2) ?? [];
    const behind = Array.from({ length: 2 * rank }, (_, i) => (i === rank + axis ? 1 : 0));
    const from = Array.from({ length: extentOf(site, 1) ?? 0 }, () => places.length);
    for (const [i, place] of places.entries()) from[place] = i;
    const lines = b.op("Gather", [b.op("Pad", [dy, b.ints(behind)]), b.ints(from)], { axis });
    return [site.attrs.has("axis") ? lines : b.op("Reshape", [lines, shapeValue(b, like)])];
  },
};

export const compress: readonly Formulation[] = [gathered];
export const compressGradient: readonly Formulation[] = [returned];
