import { ToolkitError } from "../errors.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, TensorType, Value } from "../graph/ir.ts";
import type { InferInput, Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { offsetDim } from "./dims.ts";
import { reshapeConstant } from "./like.ts";
import { backwards, TO_THE_END } from "./pieces.ts";

interface Span {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** Along one axis. */
export interface Cut extends Span {
  readonly axis: number;
}

/** What a Slice of a value of this rank cuts, from its constants by input number; undefined where starts or ends are not known. */
export function cutsOf(rank: number, constant: (i: number) => TensorData | undefined): readonly Cut[] | undefined {
  const starts = constant(1);
  const ends = constant(2);
  if (!starts || !ends) return undefined;
  const axes = constant(3);
  const steps = constant(4);
  const endsAt = toNumbers(ends);
  const axesOf = axes ? toNumbers(axes) : endsAt.map((_, i) => i);
  const stepsOf = steps ? toNumbers(steps) : [];
  return toNumbers(starts).map((start, i) => ({
    axis: normaliseAxis(axesOf[i] ?? i, rank, "Slice"),
    start,
    end: endsAt[i] ?? 0,
    step: stepsOf[i] ?? 1,
  }));
}

/** First index, and how many elements are taken, of a cut through a known extent. */
export function taken(cut: Span, extent: number): { readonly first: number; readonly count: number } {
  const clamp = (v: number, low: number, high: number): number => Math.min(Math.max(v < 0 ? v + extent : v, low), high);
  if (cut.step > 0) {
    const first = clamp(cut.start, 0, extent);
    return { first, count: Math.max(0, Math.ceil((clamp(cut.end, 0, extent) - first) / cut.step)) };
  }
  const first = clamp(cut.start, 0, extent - 1);
  return { first, count: Math.max(0, Math.ceil((clamp(cut.end, -1, extent - 1) - first) / cut.step)) };
}

function cutDim(cut: Cut, dim: Dim): Dim {
  if (typeof dim === "number") return taken(cut, dim).count;
  const { start, end, step } = cut;
  const toEnd = end >= TO_THE_END;
  if (step === -1 && start === -1 && end <= -TO_THE_END) return dim;
  if (step === 1 && start >= 0 && toEnd) return offsetDim(dim, -start);
  if (step === 1 && start >= 0 && end < 0) return offsetDim(dim, end - start);
  // counted from one side
  if (step === 1 && (start >= 0 || end < 0 || toEnd)) {
    const count = Math.max(0, (toEnd ? 0 : end) - start);
    const reach = start < 0 ? -start : end;
    if (count === 0 || reach <= atLeast(dim)) return count;
  }
  return `slice(${dim},${start},${toEnd ? "" : end},${step})`;
}

/** What a named extent never falls below: a batch or a map may be of one element, and "(H+3)" is longer than 3. */
function atLeast(dim: string): number {
  return Math.max(1, Number(/^\(.*\+(\d+)\)$/.exec(dim)?.[1] ?? 1));
}

function sliced({ input, inputs, constant }: InferInput): readonly [TensorType] {
  const { dtype, shape } = input(0);
  const cuts = cutsOf(shape.length, constant);
  if (!cuts)
    return [{ dtype, shape: shape.map((dim, i) => `slice(${dim},${inputs.map((v) => v?.name ?? "").join()})_${i}`) }];
  const out = [...shape];
  for (const cut of cuts) out[cut.axis] = cutDim(cut, out[cut.axis] ?? 1);
  return [{ dtype, shape: out }];
}

/** Puts the elements of `v` back to where `cut` took them from along its axis, with zeros between. */
function uncut(b: GraphBuilder, v: Value, cut: Cut, extent: number): Value {
  const { first, count } = taken(cut, extent);
  const step = Math.abs(cut.step);
  const begin = cut.step > 0 ? first : first - step * (count - 1);
  const ordered = cut.step > 0 ? v : backwards(b, v, cut.axis);
  const padded = (x: Value, at: number, before: number, after: number): Value => {
    if (before === 0 && after === 0) return x;
    const pads = Array<number>(2 * x.shape.length).fill(0);
    pads[at] = before;
    pads[at + x.shape.length] = after;
    return b.op("Pad", [x, b.ints(pads)]);
  };
  if (step === 1) return padded(ordered, cut.axis, begin, extent - begin - count);
  const spaced = padded(b.op("Unsqueeze", [ordered, b.ints([cut.axis + 1])]), cut.axis + 1, 0, step - 1);
  const dims = v.shape.map((dim, i) => (i === cut.axis ? count * step : dim));
  const shape = reshapeConstant(spaced.shape, dims);
  if (!shape) throw symbolic(v);
  return padded(b.op("Reshape", [spaced, b.ints(shape)]), cut.axis, begin, extent - begin - count * step);
}

/**
 * The gradient of a Slice of `x` by constants: `dy` put back to where its elements came from, with zeros elsewhere.
 * @throws E_SHAPE where an extent that is cut is not a number
 */
export function uncutAll(b: GraphBuilder, dy: Value, x: Value, parameters: readonly (Value | undefined)[]): Value {
  const cuts = cutsOf(x.shape.length, constantsOf(b, parameters));
  if (!cuts) throw symbolic(x);
  return cuts.reduceRight((v, cut) => {
    const extent = x.shape[cut.axis];
    if (cut.step === 1 && v.shape[cut.axis] === extent) return v;
    if (typeof extent !== "number") throw symbolic(x);
    return uncut(b, v, cut, extent);
  }, dy);
}

/** Whether `uncutAll` has all it needs. */
export function canUncut(b: GraphBuilder, x: Value, parameters: readonly (Value | undefined)[]): boolean {
  const cuts = cutsOf(x.shape.length, constantsOf(b, parameters));
  return cuts !== undefined && cuts.every((cut) => typeof x.shape[cut.axis] === "number");
}

/** Slice's constants by input number; `parameters` are its inputs from the second on. */
function constantsOf(
  b: GraphBuilder,
  parameters: readonly (Value | undefined)[],
): (i: number) => TensorData | undefined {
  return (i) => {
    const v = parameters[i - 1];
    return v && b.constantOf(v);
  };
}

function symbolic(v: Value): ToolkitError {
  return new ToolkitError("E_SHAPE", `Cannot differentiate Slice of "${v.name}": the extent it cuts is not known yet`, {
    hint: "give the model a fixed size along that axis",
  });
}

export const slice: Operator = {
  type: "Slice",
  infer: sliced,
  gradient: ({ b, node, x, dy }) => {
    const parameters = node.inputs.slice(1);
    const whole = () =>
      canUncut(b, x(), parameters)
        ? uncutAll(b, dy(), x(), parameters)
        : b.gradient("SliceGradient", [dy(), x(), ...parameters]);
    return [whole, null, null, null, null];
  },
};
