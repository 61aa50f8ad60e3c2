import { toNumbers } from "../../graph/tensor.ts";
import { multiplyAlong } from "../../operators/along-axis.ts";
import { interpolationMatrix, interpolationOf } from "../../operators/interpolation.ts";
import type { ResizedAxis } from "../../operators/interpolation.ts";
import type { Formulation, Site } from "../formulation.ts";

/** The axes that Resize changes, by number; undefined where their extents or scales are not known. */
function resizedAxes({ b, node, x }: Site): ReadonlyMap<number, ResizedAxis> | undefined {
  const scales = node.inputs[2];
  const given = scales && b.constantOf(scales);
  if (scales && !given) return undefined;
  const factors = given ? toNumbers(given) : [];
  const axes = new Map<number, ResizedAxis>();
  for (const [i, input] of x(1).shape.entries()) {
    const output = x(0).shape[i] ?? input;
    if (input === output && (factors[i] ?? 1) === 1) continue;
    if (typeof input !== "number" || typeof output !== "number") return undefined;
    axes.set(i, { input, output, scale: factors[i] ?? Math.fround(output / input) });
  }
  return axes;
}

/** Resize is one matrix along each axis, y = W x, so that dx = W^T dy along each. */
const matrices: Formulation = {
  name: "resize-matrices",
  serves: (site) => resizedAxes(site) !== undefined,
  write: (site) => {
    const how = interpolationOf(site.attrs);
    let v = site.x(0);
    for (const [i, axis] of resizedAxes(site) ?? []) v = multiplyAlong(site.b, v, i, interpolationMatrix(how, axis));
    return [v];
  },
};

export const resizeGradient: readonly Formulation[] = [matrices];
