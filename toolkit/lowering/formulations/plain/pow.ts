import type { Dim, Value } from "../../../graph/ir.ts";
import { broadcastShapes, sameShape } from "../../../graph/shape.ts";
import { isFloating } from "../../../graph/element-type.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

function isKnown(shape: readonly Dim[]): shape is readonly number[] {
  return shape.every((dim) => typeof dim === "number");
}

function isNumber({ shape }: Value): boolean {
  return shape.every((dim) => dim === 1);
}

/** WebGPU's kernel cannot broadcast along axes that are not the last. */
const expanded: Formulation = {
  name: "pow-expanded",
  serves: ({ x }) => isFloating(x(0).dtype) && isKnown(x(0).shape) && isKnown(x(1).shape),
  pays: (site: Site) => {
    const [base, exponent] = [site.x(0), site.x(1)];
    const isPlain = isNumber(base) || isNumber(exponent) || sameShape(base.shape, exponent.shape);
    return lacksKernel(site) && !isPlain;
  },
  write: ({ b, x }) => {
    const shape = broadcastShapes(x(0).shape, x(1).shape, "Pow").map(Number);
    const whole = (v: Value): Value => (sameShape(v.shape, shape) ? v : b.op("Expand", [v, b.ints(shape)]));
    return [b.op("Pow", [whole(x(0)), whole(x(1))])];
  },
};

export const pow: readonly Formulation[] = [expanded];
