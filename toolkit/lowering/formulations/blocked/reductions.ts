import type { Value } from "../../../graph/ir.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { blockOf } from "./blockable.ts";
import { blockedOp, view } from "./blocked-op.ts";

/** The axes that a reduction is over, from 0 on, in order; undefined where they are not known. */
function axesOf(site: Site): readonly number[] | undefined {
  const rank = site.type(0).shape.length;
  const given = site.has(1) ? site.b.constantOf(site.x(1)) : undefined;
  if (site.has(1) && !given) return undefined;
  const axes = given ? Array.from(given.data as BigInt64Array, Number) : site.attrs.ints("axes", []);
  if (axes.length === 0) return Array.from({ length: rank }, (_, i) => i);
  return axes.map((axis) => (axis < 0 ? axis + rank : axis)).toSorted((p, q) => p - q);
}

function isOver(site: Site, axes: string): boolean {
  return site.type(0).shape.every((dim) => typeof dim === "number") && axesOf(site)?.join() === axes;
}

function extents(site: Site): readonly [number, number, number, number] {
  return site.type(0).shape as readonly number[] as readonly [number, number, number, number];
}

/** A shape as the reduction would leave it. */
function result(site: Site, v: Value, kept: readonly number[], dropped: readonly number[]): Value {
  return view(site.b, v, site.attrs.int("keepdims", 1) === 1 ? kept : dropped);
}

/** Sums over images and pixels [0,2,3]: over the pixels by an average pool, which is several times faster than a sum. */
const channelSums: Formulation = {
  name: "reduce-sum-channels-blocked",
  serves: (site) => blockOf(site) > 0 && site.made(0) === "blocked" && isOver(site, "0,2,3"),
  write: (site) => {
    const { b } = site;
    const [batch, channels, height, width] = extents(site);
    const means = view(b, blockedOp(b, "GlobalAveragePool", [site.x(0, "blocked")]), [batch, channels]);
    const sums = b.op("Mul", [b.op("ReduceSum", [means, b.ints([0])], { keepdims: 0 }), b.scalar(height * width)]);
    return [result(site, sums, [1, channels, 1, 1], [channels])];
  },
};

/** Sums over all of a filter but its outputs [1,2,3]. */
const filterSums: Formulation = {
  name: "reduce-sum-filter-blocked",
  serves: (site) => blockOf(site) > 0 && site.made(0) === "filter" && isOver(site, "1,2,3"),
  write: (site) => {
    const { b } = site;
    const block = blockOf(site);
    const [outputs, inputs, height, width] = extents(site);
    const folded = view(b, site.x(0, "filter"), [inputs, outputs / block, height * width, block]);
    const sums = b.op("ReduceSum", [folded, b.ints([0, 2])], { keepdims: 0 });
    return [result(site, sums, [outputs, 1, 1, 1], [outputs])];
  },
};

/** Over everything: the order of the elements does not matter. */
function overAll(type: string): Formulation {
  return {
    name: "reduce-all-blocked",
    serves: (site) => blockOf(site) > 0 && site.made(0) !== "plain" && isOver(site, "0,1,2,3"),
    write: (site) => {
      const inputs = site.has(1) ? [site.x(0, site.made(0)), site.x(1)] : [site.x(0, site.made(0))];
      return [site.b.op(type, inputs, site.attrs.all)];
    },
  };
}

/** Means over the pixels [2,3]. */
const pixelMeans: Formulation = {
  name: "reduce-mean-pixels-blocked",
  serves: (site) => blockOf(site) > 0 && site.made(0) === "blocked" && isOver(site, "2,3"),
  write: (site) => {
    const { b } = site;
    const [batch, channels] = extents(site);
    const means = blockedOp(b, "GlobalAveragePool", [site.x(0, "blocked")]);
    return [result(site, means, [batch, channels, 1, 1], [batch, channels])];
  },
};

export const reductionForms: ReadonlyMap<string, readonly Formulation[]> = new Map([
  ["ReduceSum", [channelSums, filterSums, overAll("ReduceSum")]],
  ["ReduceSumSquare", [overAll("ReduceSumSquare")]],
  ["ReduceMax", [overAll("ReduceMax")]],
  ["ReduceMean", [pixelMeans]],
]);
