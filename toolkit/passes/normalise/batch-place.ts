import type { Dim } from "../../graph/ir.ts";
import { sizeOf } from "../../graph/tensor.ts";

interface Place {
  readonly axis: number;
  /** What the extent holds beside the pictures. */
  readonly rest: number;
  /** Extents behind the batch. */
  readonly behind: number;
}

/**
 * A Reshape target that a file for a fixed number of pictures gives as numbers, with -1 where it holds the pictures: [5,N,8] to [5,2,4] of one picture
 * is [5,-1,4]. The batch keeps its place among the elements; where it may join either neighbour it joins what is split behind it
 * (heads of attention), else the rows before it. Rows of a matrix may also be joined from [sequence, pictures]; `sequenceFirst` takes them so.
 * Undefined where no extent can hold it, or where it stays the first.
 */
export function placeBatch(
  shape: readonly Dim[],
  target: readonly Dim[],
  batch: number,
  sequenceFirst = false,
): readonly number[] | undefined {
  const from = shape.findIndex((dim) => typeof dim === "string");
  const share = shareBeside(shape[from]);
  const others = shape.filter((_, i) => i !== from);
  const wanted = target.filter((dim) => typeof dim === "number" && dim > 0) as number[];
  if (share === undefined || wanted.length < target.length || !others.every((dim) => typeof dim === "number")) {
    return undefined;
  }
  if (shape[0] === "N" && target[0] === batch) return undefined;
  const right = shape.slice(from + 1) as number[];
  if (sizeOf(others) * share * batch !== sizeOf(wanted)) return undefined;
  // the elements of one picture that follow each other: with or without what shares its extent
  const inner = new Set([sizeOf(right), sizeOf(right) * share]);
  const places = wanted.flatMap((extent, axis) => placesOf(extent, axis, wanted, batch, inner));
  const isSplit = (place: Place): boolean => place.behind > right.length;
  const isMatrix = shape.length === 2 && from === 0;
  const best =
    places.find(({ rest }) => rest === 1) ??
    (isMatrix && sequenceFirst ? places.find(({ axis }) => axis === wanted.length - 2) : undefined) ??
    places.find((place) => place.axis === wanted.length - place.behind && isSplit(place)) ??
    places[0];
  return best && wanted.with(best.axis, -1);
}

/** 4 of "N*4", 1 of "N". */
export function shareBeside(dim: Dim | undefined): number | undefined {
  const product = /^N(?:\*(\d+))?$/.exec(String(dim));
  return product ? Number(product[1] ?? 1) : undefined;
}

/** How one extent of the target may hold the pictures: in front of what else it holds, or behind. */
function placesOf(
  extent: number,
  axis: number,
  wanted: readonly number[],
  batch: number,
  inner: ReadonlySet<number>,
): readonly Place[] {
  const rest = extent / batch;
  const behind = wanted.length - axis - 1;
  const after = sizeOf(wanted.slice(axis + 1));
  if (!Number.isInteger(rest)) return [];
  const places: Place[] = [];
  if (inner.has(after)) places.push({ axis, rest, behind });
  if (inner.has(rest * after)) places.push({ axis, rest, behind: behind + 1 });
  return places;
}
