import type { Value } from "../../graph/ir.ts";
import { normaliseAxis } from "../../graph/shape.ts";
import { elementTypeNumber } from "../../graph/element-type.ts";
import { moments } from "../../operators/standardised.ts";
import { attributesWithout, refuse } from "./rewrite.ts";
import type { Rewrites, Rewriting } from "./rewrite.ts";

/** Operators that opset 17 does not have, and functions of others, written with those it has. */
export const decompositions: Rewrites = {
  Gelu: (r) => (r.attrs.string("approximate", "none") === "tanh" ? geluTanh(r) : gelu(r)),
  Mish: (r) => r.emit("Mul", [r.input(0), r.b.op("Tanh", [r.b.op("Softplus", [r.input(0)])])]),
  CastLike: (r) => {
    const dtype = r.input(1).dtype;
    return dtype === r.input(0).dtype ? [r.input(0)] : r.emit("Cast", [r.input(0)], { to: elementTypeNumber(dtype) });
  },
  Sum: (r) => {
    const [first, ...rest] = r.inputs.filter((v) => v !== undefined);
    const last = rest.pop();
    if (!first || !last) return [r.input(0)];
    return r.emit("Add", [rest.reduce((sum, v) => r.b.op("Add", [sum, v]), first), last]);
  },
  GroupNormalization: groupNormalization,
  Mod: (r) => {
    const [a, b] = [r.input(0), r.input(1)];
    if (a.dtype !== "float32" || r.attrs.int("fmod", 0) === 1) return r.emit("Mod", r.inputs, r.node.attrs);
    // the remainder with the divisor's sign, which runtimes have for integers only
    const rest = r.b.op("Mod", [a, b], { fmod: 1 });
    const differs = r.b.op("Less", [r.b.op("Mul", [rest, b]), r.b.scalar(0)]);
    return r.emit("Where", [differs, r.b.op("Add", [rest, b]), rest]);
  },
  LayerNormalization: (r) => r.emit("LayerNormalization", r.inputs, attributesWithout(r.node.attrs, "stash_type"), 1),
  MeanVarianceNormalization: meanVarianceNormalization,
  RMSNormalization: rmsNormalization,
};

/** (x - mean) / (deviation + 1e-9) over `axes`: ONNX's function body of MeanVarianceNormalization. */
function meanVarianceNormalization(r: Rewriting): readonly Value[] {
  const { centred, variance } = moments(r.b, r.input(0), r.attrs.ints("axes", [0, 2, 3]));
  return r.emit("Div", [centred, r.b.op("Add", [r.b.op("Sqrt", [variance]), r.b.scalar(1e-9)])]);
}

/** scale x / sqrt(mean of x^2 + epsilon) over the axes from `axis` on: ONNX's function body of RMSNormalization (opset 23). */
function rmsNormalization(r: Rewriting): readonly Value[] {
  const { b } = r;
  const x = r.input(0);
  const axes = x.shape.map((_, i) => i).slice(normaliseAxis(r.attrs.int("axis", -1), x.shape.length, r.where));
  const square = b.op("ReduceMean", [b.op("Mul", [x, x])], { axes, keepdims: 1 });
  const root = b.op("Sqrt", [b.op("Add", [square, b.scalar(r.attrs.float("epsilon", 1e-5))])]);
  return r.emit("Mul", [b.op("Div", [x, root]), r.input(1)]);
}

/** x / 2 * (1 + erf(x / sqrt 2)): ONNX's function body of Gelu. */
function gelu(r: Rewriting): readonly Value[] {
  const { b } = r;
  const x = r.input(0);
  const erf = b.op("Erf", [b.op("Mul", [x, b.scalar(Math.SQRT1_2)])]);
  return r.emit("Mul", [b.op("Mul", [x, b.scalar(0.5)]), b.op("Add", [erf, b.scalar(1)])]);
}

/** x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))): ONNX's function body of Gelu with approximate = "tanh". */
function geluTanh(r: Rewriting): readonly Value[] {
  const { b } = r;
  const x = r.input(0);
  const cube = b.op("Mul", [x, b.op("Mul", [x, x])]);
  const inner = b.op("Mul", [
    b.op("Add", [x, b.op("Mul", [cube, b.scalar(0.044715)])]),
    b.scalar(Math.sqrt(2 / Math.PI)),
  ]);
  return r.emit("Mul", [b.op("Mul", [x, b.scalar(0.5)]), b.op("Add", [b.op("Tanh", [inner]), b.scalar(1)])]);
}

/** (x - mean) / sqrt(variance + epsilon) per group; scale and bias are one per group in opset 18, one per channel from 21 on. */
function groupNormalization(r: Rewriting): readonly Value[] {
  const { b } = r;
  const x = r.input(0);
  const groups = r.attrs.int("num_groups", 1);
  const channels = x.shape[1];
  if (typeof channels !== "number") refuse(r, "the number of channels is not known");
  const flat = b.op("Reshape", [x, b.ints([0, groups, -1])]);
  const { mean, variance } = moments(b, flat, [2]);
  const deviation = b.op("Sqrt", [b.op("Add", [variance, b.scalar(r.attrs.float("epsilon", 1e-5))])]);
  const ones = x.shape.slice(2).map(() => 1);
  // [N,G,1] to [N,C,1,1]: repeated over the channels of a group, without the map's extents in any constant
  const perChannel = (v: Value): Value => {
    const repeated = b.op("Expand", [v, b.ints([1, 1, channels / groups])]);
    return b.op("Reshape", [repeated, b.ints([0, channels, ...ones])]);
  };
  const weight = (i: number): Value => {
    const v = r.input(i);
    const each = b.ints([groups, channels / groups]);
    const row = v.shape[0] === channels ? v : b.op("Expand", [b.op("Reshape", [v, b.ints([groups, 1])]), each]);
    return b.op("Reshape", [row, b.ints([channels, ...ones])]);
  };
  const normal = b.op("Div", [b.op("Sub", [x, perChannel(mean)]), perChannel(deviation)]);
  return r.emit("Add", [b.op("Mul", [normal, weight(1)]), weight(2)]);
}
