import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import { floatToHalf } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import type { Formulation, Site } from "../formulation.ts";
import type { Geometry } from "./geometry.ts";
import { geometryOf, hasSpatialExtents, tapsOf, volume } from "./geometry.ts";
import { spreadWindows } from "./spread-windows.ts";

/** Inputs dy, x. */
function geometry(site: Site): Geometry {
  return geometryOf(site, site.attrs.ints("kernel_shape", []), site.x(1), site.x(0));
}

/** 1 / (number of elements a window averages) for each output pixel: [1,1,Ho,Wo]. */
function shares(b: GraphBuilder, site: Site, { kernel, strides, begin, end, input, output }: Geometry): Value {
  const padding = site.attrs.int("count_include_pad", 0) === 1;
  const along = output.map((extent, i) =>
    Array.from({ length: extent }, (_, at) => {
      const first = at * (strides[i] ?? 1) - (begin[i] ?? 0);
      const last = first + (kernel[i] ?? 1);
      // a window cut by ceil_mode counts what lies in the padded picture, never more
      const high = (input[i] ?? 0) + (padding ? (end[i] ?? 0) : 0);
      return Math.min(last, high) - Math.max(first, padding ? first : 0);
    }),
  );
  const counts = tapsOf(output).map((at) => at.reduce((n, position, i) => n * (along[i]?.[position] ?? 1), 1));
  const shape = [1, 1, ...output];
  const { dtype } = site.x(0);
  const values = counts.map((count) => 1 / count);
  if (dtype === "float16") return b.constant({ dtype, shape, data: Uint16Array.from(values, floatToHalf) });
  const data = dtype === "float64" ? Float64Array.from(values) : Float32Array.from(values);
  return b.constant({ dtype: dtype === "float64" ? dtype : "float32", shape, data: data.subarray(0, sizeOf(shape)) });
}

/** Every element of a window gets dy over the window's count. */
const spread: Formulation = {
  name: "average-pool-window-elements",
  serves: ({ x, attrs }) =>
    hasSpatialExtents(x(0), x(1)) && attrs.ints("dilations", []).every((dilation) => dilation === 1),
  write: (site) => {
    const { b } = site;
    const at = geometry(site);
    const share = b.op("Mul", [site.x(0), shares(b, site, at)]);
    return [spreadWindows(b, Array<Value>(volume(at.kernel)).fill(share), at)];
  },
};

export const averagePoolGradient: readonly Formulation[] = [spread];
