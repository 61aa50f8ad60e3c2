import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Operator } from "../graph/operator.ts";
import { formatShape } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import { offsetDim } from "./dims.ts";
import { backwards, cut, join } from "./pieces.ts";

/** Adds what the border of `before` and `after` elements received to the elements that it repeats. */
type Fold = (b: GraphBuilder, dy: Value, axis: number, before: number, after: number) => Value;

function inner(b: GraphBuilder, dy: Value, axis: number, before: number, after: number): Value {
  return cut(b, dy, axis, before, after === 0 ? undefined : -after);
}

/** The border is the first, or last, element over and over. */
const foldEdge: Fold = (b, dy, axis, before, after) => {
  const total = (v: Value): Value => b.op("ReduceSum", [v, b.ints([axis])], { keepdims: 1 });
  let dx = inner(b, dy, axis, before, after);
  if (before > 0) {
    const first = b.op("Add", [cut(b, dx, axis, 0, 1), total(cut(b, dy, axis, 0, before))]);
    dx = join(b, [first, cut(b, dx, axis, 1)], axis);
  }
  if (after > 0) {
    const last = b.op("Add", [cut(b, dx, axis, -1), total(cut(b, dy, axis, -after))]);
    dx = join(b, [cut(b, dx, axis, 0, -1), last], axis);
  }
  return dx;
};

/** The border mirrors the elements next to the first, or last, one. */
const foldReflect: Fold = (b, dy, axis, before, after) => {
  let dx = inner(b, dy, axis, before, after);
  if (before > 0) {
    const mirrored = backwards(b, cut(b, dy, axis, 0, before), axis);
    const near = b.op("Add", [cut(b, dx, axis, 1, 1 + before), mirrored]);
    dx = join(b, [cut(b, dx, axis, 0, 1), near, cut(b, dx, axis, 1 + before)], axis);
  }
  if (after > 0) {
    const mirrored = backwards(b, cut(b, dy, axis, -after), axis);
    const near = b.op("Add", [cut(b, dx, axis, -1 - after, -1), mirrored]);
    dx = join(b, [cut(b, dx, axis, 0, -1 - after), near, cut(b, dx, axis, -1)], axis);
  }
  return dx;
};

const folds: Readonly<Record<string, Fold>> = { edge: foldEdge, reflect: foldReflect };

function padsOf(b: GraphBuilder, pads: Value, where: string): readonly number[] {
  const given = b.constantOf(pads);
  if (given) return toNumbers(given);
  throw new ToolkitError("E_SHAPE", `Cannot differentiate ${where}: its pads are computed when the graph runs`);
}

/** Padding with a constant, the edge or a reflection; a negative pad cuts. */
export const pad: Operator = {
  type: "Pad",
  infer: ({ input, constant, where }) => {
    const { dtype, shape } = input(0);
    const given = constant(1);
    if (!given)
      throw new ToolkitError(
        "E_SHAPE",
        `Cannot infer the shape of ${where}: its pads are computed when the graph runs`,
      );
    const pads = toNumbers(given);
    const padded = shape.map((dim, i) => offsetDim(dim, (pads[i] ?? 0) + (pads[i + shape.length] ?? 0)));
    if (padded.some((dim) => typeof dim === "number" && dim < 0))
      throw new ToolkitError("E_SHAPE", `Cannot pad ${formatShape(shape)} by [${pads.join()}] in ${where}`);
    return [{ dtype, shape: padded }];
  },
  gradient: ({ b, x, dy, attrs }) => [
    () => {
      const mode = attrs.string("mode", "constant");
      const pads = padsOf(b, x(1), "Pad");
      if (mode === "constant") return b.op("Pad", [dy(), b.ints(pads.map((p) => 0 - p))]);
      const fold = folds[mode];
      if (!fold) {
        throw new ToolkitError(
          "E_NO_GRADIENT",
          `Cannot differentiate through "Pad" with mode "${mode}": expected "constant", "edge" or "reflect"`,
        );
      }
      const rank = x().shape.length;
      const grown = pads.map((p) => Math.max(p, 0));
      const folded = x().shape.reduce((v, _, axis) => {
        const [before = 0, after = 0] = [grown[axis], grown[axis + rank]];
        return before === 0 && after === 0 ? v : fold(b, v, axis, before, after);
      }, dy());
      // negative pads cut the operand before its border is made
      const removed = pads.map((p) => Math.max(0 - p, 0));
      return removed.some((p) => p > 0) ? b.op("Pad", [folded, b.ints(removed)]) : folded;
    },
    null,
    null,
    null,
  ],
};
