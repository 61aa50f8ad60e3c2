import { ToolkitError } from "../errors.ts";
import type { AttributeReader } from "../graph/attributes.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Dim, TensorType, Value } from "../graph/ir.ts";
import type { GradientInput, Gradients, InferInput, Operator } from "../graph/operator.ts";
import { normaliseAxis } from "../graph/shape.ts";
import { toNumbers } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { countOf, expandLike, maskLike, scalarLike } from "./like.ts";
import { withoutZeros } from "./lp-norm.ts";

/** The axes an operator reduces: from its second input (ReduceSum) or its attribute (the others at opset 17); all where none are given. */
function axesOf(rank: number, given: TensorData | undefined, attrs: AttributeReader): readonly number[] {
  const axes = given ? toNumbers(given) : attrs.ints("axes", []);
  if (axes.length === 0)
    return attrs.int("noop_with_empty_axes", 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
  return axes.map((axis) => normaliseAxis(axis, rank, "a reduction"));
}

function reduced({ inputs, input, constant, attrs, where }: InferInput): readonly [TensorType] {
  const { dtype, shape } = input(0);
  if (inputs[1] && !constant(1))
    throw new ToolkitError("E_SHAPE", `Cannot infer the shape of ${where}: its axes are not constants`);
  const axes = new Set(axesOf(shape.length, constant(1), attrs));
  if (attrs.int("keepdims", 1) === 1) return [{ dtype, shape: shape.map((dim, i) => (axes.has(i) ? 1 : dim)) }];
  return [{ dtype, shape: shape.filter((_, i) => !axes.has(i)) }];
}

function reducedAxesOf({ b, node, x, attrs }: GradientInput): readonly number[] {
  const axes = node.inputs[1];
  return axesOf(x().shape.length, axes && b.constantOf(axes), attrs);
}

/** A value in the reduced shape, with the reduced axes back as extent 1. */
function kept(b: GraphBuilder, v: Value, axes: readonly number[], attrs: AttributeReader): Value {
  return attrs.int("keepdims", 1) === 1 || axes.length === 0
    ? v
    : b.op("Unsqueeze", [v, b.ints([...axes].sort((p, q) => p - q))]);
}

export const reduceSum: Operator = {
  type: "ReduceSum",
  infer: reduced,
  gradient: (g) => [() => expandLike(g.b, kept(g.b, g.dy(), reducedAxesOf(g), g.attrs), g.x()), null],
};

export const reduceMean: Operator = {
  type: "ReduceMean",
  infer: reduced,
  gradient: (g) => [
    () => {
      const axes = reducedAxesOf(g);
      const share = g.b.op("Div", [kept(g.b, g.dy(), axes, g.attrs), countOf(g.b, g.x(), axes)]);
      return expandLike(g.b, share, g.x());
    },
  ],
};

/** Equal largest (smallest) elements share the gradient, as in PyTorch's amax. */
function sharedByWinners(g: GradientInput): Gradients {
  const { b, x, y, dy, attrs } = g;
  return [
    () => {
      const axes = reducedAxesOf(g);
      const won = maskLike(b, b.op("Equal", [x(), kept(b, y(), axes, attrs)]), x());
      const winners = b.op("ReduceSum", [won, b.ints(axes)], { keepdims: 1 });
      return b.op("Mul", [won, b.op("Div", [kept(b, dy(), axes, attrs), winners])]);
    },
  ];
}

export const reduceMax: Operator = { type: "ReduceMax", infer: reduced, gradient: sharedByWinners };
export const reduceMin: Operator = { type: "ReduceMin", infer: reduced, gradient: sharedByWinners };

/** dy times the product of the others: where one element is 0 it alone gets a gradient, where two are, none does. */
export const reduceProd: Operator = {
  type: "ReduceProd",
  infer: reduced,
  gradient: (g) => [
    () => {
      const { b, x, dy, attrs } = g;
      const axes = reducedAxesOf(g);
      const zero = b.op("Equal", [x(), scalarLike(b, 0, x())]);
      const others = b.op("Where", [zero, scalarLike(b, 1, x()), x()]);
      const product = b.op("ReduceProd", [others], { axes, keepdims: 1 });
      const zeros = b.op("ReduceSum", [maskLike(b, zero, x()), b.ints(axes)], { keepdims: 1 });
      const alone = maskLike(b, b.op("Equal", [zeros, maskLike(b, zero, x())]), x());
      const rest = b.op("Mul", [alone, b.op("Div", [product, others])]);
      return b.op("Mul", [kept(b, dy(), axes, attrs), rest]);
    },
  ],
};

/** A reduction whose gradient is dy times `slope`, which is given y with the reduced axes back as extent 1. */
function sloped(type: string, slope: (g: GradientInput, y: () => Value) => Value): Operator {
  return {
    type,
    infer: reduced,
    gradient: (g) => [
      () => {
        const axes = reducedAxesOf(g);
        const y = () => kept(g.b, g.y(), axes, g.attrs);
        return expandLike(g.b, g.b.op("Mul", [kept(g.b, g.dy(), axes, g.attrs), slope(g, y)]), g.x());
      },
    ],
  };
}

export const reduceL1: Operator = sloped("ReduceL1", ({ b, x }) => b.op("Sign", [x()]));
/** The slope is taken to be 0 where the norm is, as in PyTorch. */
export const reduceL2: Operator = sloped("ReduceL2", ({ b, x }, y) => b.op("Div", [x(), withoutZeros(b, y())]));
export const reduceLogSum: Operator = sloped("ReduceLogSum", ({ b }, y) => b.op("Exp", [b.op("Neg", [y()])]));
export const reduceLogSumExp: Operator = sloped("ReduceLogSumExp", ({ b, x }, y) =>
  b.op("Exp", [b.op("Sub", [x(), y()])]),
);
export const reduceSumSquare: Operator = sloped("ReduceSumSquare", ({ b, x }) => b.op("Add", [x(), x()]));

function position({ input, attrs, where }: InferInput): readonly [TensorType] {
  const { shape } = input(0);
  const axis = normaliseAxis(attrs.int("axis", 0), shape.length, where);
  const out: Dim[] =
    attrs.int("keepdims", 1) === 1 ? shape.map((dim, i) => (i === axis ? 1 : dim)) : shape.filter((_, i) => i !== axis);
  return [{ dtype: "int64", shape: out }];
}

export const argMax: Operator = { type: "ArgMax", infer: position, gradient: null };
export const argMin: Operator = { type: "ArgMin", infer: position, gradient: null };
