import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import type { Slot } from "../optimizers/transform.ts";

/** How the loss is scaled where gradients are computed in float16, which rounds small ones to zero (Micikevicius et al. 2018, arXiv 1710.03740). */
export interface LossScaleOptions {
  /** What the loss is multiplied by at first; 65536. */
  readonly start?: number;
  /** After so many steps in a row whose gradients were all finite the scale is doubled; 2000. A step whose are not is left out, and halves it. */
  readonly growEvery?: number;
}

/** The state of the scale: what the loss is multiplied by, and the finite steps since it last changed. */
export const LOSS_SCALE = { scale: "step/loss-scale", finite: "step/loss-scale/finite" } as const;

const START = 2 ** 16;
const GROW_EVERY = 2000;
/** Beyond these the scale neither grows nor shrinks. */
const [LEAST, MOST] = [1, 2 ** 24];

/** A scaled loss in a step graph. */
export interface LossScale {
  readonly slots: readonly Slot[];
  /** What the loss is multiplied by, a scalar. */
  readonly scale: Value;
  readonly finite: Value;
  readonly growEvery: number;
}

/** Declares the state of a scale. @throws E_SETTING */
export function lossScale(
  b: GraphBuilder,
  { start = START, growEvery = GROW_EVERY }: LossScaleOptions = {},
): LossScale {
  if (!(start >= LEAST && start <= MOST)) refuse(`its start is ${start}, expected a number from ${LEAST} to ${MOST}`);
  if (!Number.isInteger(growEvery) || growEvery < 1)
    refuse(`growEvery is ${growEvery}, expected an integer of 1 or more`);
  const slot = (name: string, from: number): Slot => ({ name, dtype: "float32", shape: [], start: from });
  const input = (name: string): Value => b.input(name, "float32", []);
  return {
    slots: [slot(LOSS_SCALE.scale, start), slot(LOSS_SCALE.finite, 0)],
    scale: input(LOSS_SCALE.scale),
    finite: input(LOSS_SCALE.finite),
    growEvery,
  };
}

function refuse(what: string): never {
  throw new ToolkitError("E_SETTING", `Cannot scale the loss: ${what}`);
}

/** Gradients of the scaled loss as those of the loss. */
export function unscaled(b: GraphBuilder, gradients: readonly Value[], { scale }: LossScale): readonly Value[] {
  const factor = b.op("Div", [b.scalar(1), scale]);
  return gradients.map((g) => b.op("Mul", [g, factor]));
}

/** Whether every element of every value is a finite number. */
export function allFinite(b: GraphBuilder, values: readonly Value[]): Value {
  // x - x is 0 for every finite number, and none for any other
  const zeros = values.map((v) => {
    const difference = b.op("Sub", [v, v]);
    return v.shape.length === 0 ? difference : b.op("ReduceSum", [difference], { keepdims: 0 });
  });
  return b.op("Equal", [zeros.reduce((sum, v) => b.op("Add", [sum, v])), b.scalar(0)]);
}

/**
 * What the state becomes, by its names: as `next` says where every one of the `gradients` is finite, else what it was; and the scale beside it.
 */
export function withoutOverflow(
  b: GraphBuilder,
  next: ReadonlyMap<string, Value>,
  gradients: readonly Value[],
  { scale, finite, growEvery }: LossScale,
): ReadonlyMap<string, Value> {
  const isFinite = allFinite(b, gradients);
  const kept = [...next].map(([name, v]) => [name, b.op("Where", [isFinite, v, b.value(name)])] as const);
  const count = b.op("Where", [isFinite, b.op("Add", [finite, b.scalar(1)]), b.scalar(0)]);
  const isLong = b.op("GreaterOrEqual", [count, b.scalar(growEvery)]);
  const factor = b.op("Where", [isLong, b.scalar(2), b.op("Where", [isFinite, b.scalar(1), b.scalar(0.5)])]);
  const scaled = b.op("Min", [b.op("Max", [b.op("Mul", [scale, factor]), b.scalar(LEAST)]), b.scalar(MOST)]);
  return new Map([
    ...kept,
    [LOSS_SCALE.scale, scaled],
    [LOSS_SCALE.finite, b.op("Where", [isLong, b.scalar(0), count])],
  ]);
}
