import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import type { Geometry } from "./geometry.ts";
import { offsetsOf, padsOf, tapsOf } from "./geometry.ts";

/**
 * Adds to each element of x [N,C,H,W] what the windows over it send there: `sent[t]` [N,C,Ho,Wo] goes to the t-th element of its window.
 * The elements that share a remainder by the stride form a smaller map; the maps are filled by shifting and then interleaved.
 */
export function spreadWindows(b: GraphBuilder, sent: readonly Value[], at: Geometry): Value {
  const { strides, begin, input } = at;
  const extents = input.map((extent, i) => Math.ceil((extent + (begin[i] ?? 0)) / (strides[i] ?? 1)));
  const taps = offsetsOf(at);
  const maps = tapsOf(strides).map((remainder) => {
    const here = taps.flatMap((tap, t) =>
      tap.every((k, i) => k % (strides[i] ?? 1) === remainder[i]) ? [{ tap, value: sent[t] }] : [],
    );
    const shifted = here.flatMap(({ tap, value }) =>
      value
        ? [
            shift(
              b,
              value,
              tap.map((k, i) => Math.floor(k / (strides[i] ?? 1))),
              extents,
              at,
            ),
          ]
        : [],
    );
    return shifted.length === 0 ? undefined : shifted.reduce((sum, v) => b.op("Add", [sum, v]));
  });
  const some = maps.find((map) => map !== undefined);
  const zeros = (): Value[] => (some ? [b.op("Sub", [some, some])] : []);
  const full = interleave(
    b,
    maps.flatMap((map) => (map ? [map] : zeros())),
    strides,
    extents,
  );
  const start = begin.map((p) => p);
  const end = begin.map((p, i) => p + (input[i] ?? 0));
  if (start.every((p) => p === 0) && end.every((e, i) => e === full.shape[i + 2])) return full;
  return b.op("Slice", [full, b.ints(start), b.ints(end), b.ints(start.map((_, i) => i + 2))]);
}

/** Moves a map by whole strides into a frame of `extents`. */
function shift(
  b: GraphBuilder,
  v: Value,
  by: readonly number[],
  extents: readonly number[],
  { output }: Geometry,
): Value {
  const after = extents.map((extent, i) => extent - (output[i] ?? 0) - (by[i] ?? 0));
  if ([...by, ...after].every((pad) => pad === 0)) return v;
  return b.op("Pad", [v, b.ints(padsOf(by, after))]);
}

/** Maps in row-major order of their remainders become one map whose extents are theirs times the strides. */
function interleave(
  b: GraphBuilder,
  maps: readonly Value[],
  strides: readonly number[],
  extents: readonly number[],
): Value {
  let level = maps;
  for (const [axis, stride] of [...strides.entries()].toReversed()) {
    const wide = extents.map((extent, i) => (i >= axis ? extent * (strides[i] ?? 1) : extent));
    level = Array.from({ length: level.length / stride }, (_, i) => {
      const row = level.slice(i * stride, (i + 1) * stride);
      if (stride === 1) return row[0] as Value;
      const side = b.op(
        "Concat",
        row.map((v) => b.op("Unsqueeze", [v, b.ints([axis + 3])])),
        { axis: axis + 3 },
      );
      return b.op("Reshape", [side, b.ints([0, Number(row[0]?.shape[1]), ...wide])]);
    });
  }
  return level[0] as Value;
}
