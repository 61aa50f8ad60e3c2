import { ToolkitError } from "../../toolkit/errors.ts";
import { readAttributes } from "../../toolkit/graph/attributes.ts";
import type { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { producers } from "../../toolkit/graph/ir.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { normaliseAxis } from "../../toolkit/graph/shape.ts";
import { float32, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";

export interface Labelled {
  readonly loss: "cross-entropy" | "nll-of-probabilities";
  /** Shape of the stored output: [N,K], or [N,K,H,W] with a class for each pixel. */
  readonly shape: readonly number[];
  /** Class indices, [N] or [N,H,W]; -100 is left out. */
  readonly target: TensorData;
}

/** A row or pixel with this label is left out of the mean, as PyTorch's losses do by default. */
const IGNORED = -100;

/**
 * Writes the loss of the output `y` of `graph` with nodes behind it: the mean over all rows or pixels that have a label.
 * @throws E_DATA_FORMAT where the labels do not fit the output
 */
export function writeLoss(b: GraphBuilder, graph: Graph, y: Value, { loss, shape, target }: Labelled): Value {
  const [, classes = 1] = shape;
  const counted = Float32Array.from(toNumbers(target), (label) => Number(label !== IGNORED));
  const distribution = b.constant(oneHot(shape, target));
  const divisor = b.scalar(counted.reduce((sum, one) => sum + one, 0));
  const logits = loss === "cross-entropy" ? y : beforeSoftmax(graph, y);
  if (logits) {
    return softmaxCrossEntropy().emit({
      b,
      logits: asRows(b, logits, classes),
      target: distribution,
      weight: b.constant(float32([counted.length], counted)),
      divisor,
    });
  }
  const product = b.op("Mul", [asRows(b, y, classes), distribution]);
  const likelihood = b.op("ReduceSum", [product, b.ints([1])], { keepdims: 0 });
  const ignored = counted.map((one) => 1 - one);
  // 1 in place of what is left out: its logarithm is 0
  const logarithm = b.op("Log", [b.op("Add", [likelihood, b.constant(float32([ignored.length], ignored))])]);
  const sum = b.op("ReduceSum", [logarithm, b.ints([0])], { keepdims: 0 });
  return b.op("Neg", [b.op("Div", [sum, divisor])]);
}

/** What a Softmax over the classes made `y` of: the loss of logits says the same and does not overflow. */
function beforeSoftmax(graph: Graph, y: Value): Value | undefined {
  const node = producers(graph).get(y.name);
  if (node?.op !== "Softmax" || node.domain) return undefined;
  const axis = readAttributes(node.attrs, "Softmax").int("axis", -1);
  return normaliseAxis(axis, y.shape.length, "Softmax") === 1 ? node.inputs[0] : undefined;
}

/** [N,K,...] as one row of K for each picture or pixel. */
function asRows(b: GraphBuilder, v: Value, classes: number): Value {
  const rank = v.shape.length;
  if (rank === 2) return v;
  const perm = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  return b.op("Reshape", [b.op("Transpose", [v], { perm }), b.ints([-1, classes])]);
}

function oneHot(shape: readonly number[], target: TensorData): TensorData {
  const [batch = 1, classes = 1, ...map] = shape;
  const labels = toNumbers(target);
  const fits = shape.length > 1 && labels.length === batch * sizeOf(map);
  if (!fits || !labels.every((label) => label === IGNORED || (label >= 0 && label < classes))) {
    const what = `an output of shape [${shape.join()}], target of shape [${target.shape.join()}]`;
    throw new ToolkitError("E_DATA_FORMAT", `Cannot read the labels: they do not fit ${what}`, {
      hint: "one class index from 0 on for each row or pixel, -100 for one that is left out",
    });
  }
  const data = new Float32Array(labels.length * classes);
  for (const [row, label] of labels.entries()) if (label !== IGNORED) data[row * classes + label] = 1;
  return float32([labels.length, classes], data);
}
