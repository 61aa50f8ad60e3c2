/** Back-propagation through a dense net with one hidden layer, written out in double precision: what the library's graphs are compared with. */

/** Weights by rows: `hidden` [H][inputs], `output` [K][H]. */
export interface DenseNet {
  readonly hidden: readonly (readonly number[])[];
  readonly hiddenBias: readonly number[];
  readonly output: readonly (readonly number[])[];
  readonly outputBias: readonly number[];
}

export interface Example {
  readonly x: readonly number[];
  /** A probability for each class. */
  readonly target: readonly number[];
}

/** What stands behind the two layers. */
export type Kind = "sigmoid and sigmoid" | "ReLU and softmax";

/** What the net computes of one example. */
export interface Forward {
  readonly hidden: readonly number[];
  readonly probabilities: readonly number[];
  /** - sum of target ln(probability). */
  readonly error: number;
}

export interface HandStep {
  /** The sum over the examples. */
  readonly error: number;
  readonly gradient: DenseNet;
  /** The net after one step down the gradient. */
  readonly after: DenseNet;
}

const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));

export function forwardByHand(net: DenseNet, { x, target }: Example, kind: Kind): Forward {
  const squash = kind === "sigmoid and sigmoid" ? sigmoid : (z: number): number => Math.max(0, z);
  const hidden = net.hidden.map((row, j) => squash(dot(row, x) + at(net.hiddenBias, j)));
  const scores = net.output.map((row, k) => dot(row, hidden) + at(net.outputBias, k));
  const powers = scores.map((z) => Math.exp(z - Math.max(...scores)));
  const total = sum(powers);
  const probabilities = kind === "sigmoid and sigmoid" ? scores.map(sigmoid) : powers.map((p) => p / total);
  // a class that the target leaves out adds nothing, even where its probability is 0
  const error = -sum(target.map((t, k) => (t === 0 ? 0 : t * Math.log(at(probabilities, k)))));
  return { hidden, probabilities, error };
}

/** w' = w - rate * gradient of the summed error. */
export function stepByHand(net: DenseNet, examples: readonly Example[], rate: number, kind: Kind): HandStep {
  const parts = examples.map((example) => gradientByHand(net, example, kind));
  const gradient = parts.reduce((a, b) => combined(a, b, 1), zeros(net));
  return {
    error: sum(examples.map((example) => forwardByHand(net, example, kind).error)),
    gradient,
    after: combined(net, gradient, -rate),
  };
}

/** The chain rule, from the error back to each weight. */
function gradientByHand(net: DenseNet, example: Example, kind: Kind): DenseNet {
  const { hidden, probabilities } = forwardByHand(net, example, kind);
  const { x, target } = example;
  // d error / d score: the target's sum times softmax, less the target; of a sigmoid -t / p times p (1 - p)
  const scores = probabilities.map((p, k) =>
    kind === "sigmoid and sigmoid" ? -at(target, k) * (1 - p) : sum(target) * p - at(target, k),
  );
  const sums = hidden.map((h, j) => {
    const arriving = sum(scores.map((s, k) => s * at(at(net.output, k), j)));
    const slope = kind === "sigmoid and sigmoid" ? h * (1 - h) : h > 0 ? 1 : 0;
    return arriving * slope;
  });
  return {
    hidden: sums.map((s) => x.map((value) => s * value)),
    hiddenBias: sums,
    output: scores.map((s) => hidden.map((h) => s * h)),
    outputBias: scores,
  };
}

/** All weights in one list, with what they are called. */
export function listed(net: DenseNet): readonly { readonly name: string; readonly value: number }[] {
  const layer = (
    letter: string,
    rows: DenseNet["hidden"],
    bias: readonly number[],
  ): { name: string; value: number }[] =>
    rows.flatMap((row, i) => [
      ...row.map((value, j) => ({ name: `w${letter}${i + 1},${j + 1}`, value })),
      { name: `b${letter}${i + 1}`, value: at(bias, i) },
    ]);
  return [...layer("h", net.hidden, net.hiddenBias), ...layer("o", net.output, net.outputBias)];
}

/** The largest difference between the weights of two nets. */
export function largestDifference(a: DenseNet, b: DenseNet): number {
  const others = listed(b);
  return Math.max(...listed(a).map(({ value }, i) => Math.abs(value - at(others, i).value)));
}

function combined(a: DenseNet, b: DenseNet, factor: number): DenseNet {
  const rows = (p: DenseNet["hidden"], q: DenseNet["hidden"]): number[][] => p.map((row, i) => line(row, at(q, i)));
  const line = (p: readonly number[], q: readonly number[]): number[] => p.map((v, i) => v + factor * at(q, i));
  return {
    hidden: rows(a.hidden, b.hidden),
    hiddenBias: line(a.hiddenBias, b.hiddenBias),
    output: rows(a.output, b.output),
    outputBias: line(a.outputBias, b.outputBias),
  };
}

function zeros(net: DenseNet): DenseNet {
  return combined(net, net, -1);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return sum(a.map((v, i) => v * at(b, i)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, v) => total + v, 0);
}

function at<T>(list: readonly T[], i: number): T {
  const item = list[i];
  if (item === undefined) throw new RangeError(`no element ${i} of ${list.length}`);
  return item;
}
