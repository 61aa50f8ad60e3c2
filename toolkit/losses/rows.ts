import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { float32 } from "../graph/tensor.ts";
import type { LossInput } from "./loss.ts";

/** A divisor of 0 (no row counts) gives a loss of 0. */
const SMALLEST_DIVISOR = 1e-12;

/** `v` [N,...] with zeros in the rows of weight 0: selected, not multiplied, as 0 times infinity is no number. */
export function countedRows({ b, weight }: LossInput, v: Value): Value {
  const axes = v.shape.slice(1).map((_, i) => i + 1);
  const column = axes.length === 0 ? weight : b.op("Unsqueeze", [weight, b.ints(axes)]);
  return b.op("Where", [b.op("Equal", [column, b.scalar(0)]), b.scalar(0), v]);
}

/** Sum over rows of weight times the mean of a row's elements, over the divisor; `losses` is [N] or [N,...]. */
export function weightedMean({ b, weight, divisor }: LossInput, losses: Value): Value {
  const axes = losses.shape.slice(1).map((_, i) => i + 1);
  const rows = axes.length === 0 ? losses : b.op("ReduceMean", [losses], { axes, keepdims: 0 });
  const sum = b.op("ReduceSum", [b.op("Mul", [rows, weight]), b.ints([0])], { keepdims: 0 });
  return b.op("Div", [sum, b.op("Max", [divisor, b.scalar(SMALLEST_DIVISOR)])]);
}

/** What counts where the target y is 1, and what where it is 0: y * holds + (1 - y) * fails. */
export function byTarget(x: LossInput, holds: Value, fails: Value): Value {
  const { b } = x;
  const y = countedRows(x, x.target);
  return b.op("Add", [b.op("Mul", [y, holds]), b.op("Mul", [b.op("Sub", [b.scalar(1), y]), fails])]);
}

/** [N,K] -> [N], [N,K,H,W] -> [N,H,W]: the sum over the classes. */
export function sumOverClasses(b: GraphBuilder, v: Value): Value {
  return b.op("ReduceSum", [v, b.ints([1])], { keepdims: 0 });
}

/**
 * K, the extent of axis 1.
 * @throws E_SHAPE where it is not known
 */
export function classesOf(logits: Value): number {
  const classes = logits.shape[1];
  if (typeof classes === "number") return classes;
  throw new ToolkitError(
    "E_SHAPE",
    `Cannot count the classes of "${logits.name}" [${logits.shape.join()}]: expected a number as its second extent`,
  );
}

/**
 * A number per class as a constant that broadcasts over the logits: [K], or [K,1,1] per pixel.
 * @throws E_SETTING where their count is not K
 */
export function perClass(b: GraphBuilder, setting: string, values: readonly number[], logits: Value): Value {
  const classes = logits.shape[1];
  if (typeof classes === "number" && classes !== values.length) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot use ${setting} with ${values.length} numbers: expected ${classes}, one for each class`,
    );
  }
  return b.constant(float32([values.length, ...logits.shape.slice(2).map(() => 1)], values));
}

/**
 * The further value called `name`.
 * @throws E_NO_VALUE where the loss was not given it
 */
export function extra({ extras }: LossInput, name: string): Value {
  const value = extras?.get(name);
  if (!value) throw new ToolkitError("E_NO_VALUE", `Cannot compute the loss: it was given no value "${name}"`);
  return value;
}
