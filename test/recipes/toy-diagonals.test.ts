import assert from "node:assert/strict";
import { toyDiagonals } from "../../recipes/toy-diagonals.ts";
import { forwardByHand, largestDifference, listed, stepByHand } from "../../recipes/toy-diagonals/by-hand.ts";
import type { DenseNet, Example, Kind } from "../../recipes/toy-diagonals/by-hand.ts";
import { directRuntime } from "../support/run-graph.ts";

const net: DenseNet = {
  hidden: [
    [0.3, -0.2],
    [0.5, 0.4],
    [-0.7, 0.1],
  ],
  hiddenBias: [0.1, -0.3, 0.2],
  output: [
    [0.2, 0.6, -0.4],
    [-0.5, 0.3, 0.8],
  ],
  outputBias: [0.05, -0.1],
};
const examples: readonly Example[] = [
  { x: [0.9, 0.2], target: [1, 0] },
  { x: [-0.4, 0.8], target: [0, 1] },
];

/** The net with its i-th weight moved. */
function moved(i: number, by: number): DenseNet {
  let place = 0;
  const next = (v: number): number => (place++ === i ? v + by : v);
  const layer = (rows: DenseNet["hidden"], bias: readonly number[]): [number[][], number[]] => {
    const both = rows.map((row, k) => ({ row: row.map(next), bias: next(bias[k] ?? 0) }));
    return [both.map((b) => b.row), both.map((b) => b.bias)];
  };
  const [hidden, hiddenBias] = layer(net.hidden, net.hiddenBias);
  const [output, outputBias] = layer(net.output, net.outputBias);
  return { hidden, hiddenBias, output, outputBias };
}

describe("recipes/toy-diagonals", () => {
  for (const kind of ["sigmoid and sigmoid", "ReLU and softmax"] satisfies Kind[]) {
    it(`stepByHand() with ${kind} goes down the slope that differences of the error have`, () => {
      const { gradient } = stepByHand(net, examples, 0.1, kind);
      const error = (n: DenseNet): number => examples.reduce((sum, e) => sum + forwardByHand(n, e, kind).error, 0);
      const slopes = listed(net).map((_, i) => (error(moved(i, 1e-6)) - error(moved(i, -1e-6))) / 2e-6);
      for (const [i, { name, value }] of listed(gradient).entries()) {
        assert.ok(Math.abs(value - (slopes[i] ?? 0)) < 1e-8, `${name}: ${value}, by differences ${slopes[i]}`);
      }
    });
  }

  it("stepByHand() subtracts the rate times the gradient", () => {
    const { gradient, after } = stepByHand(net, examples, 0.1, "ReLU and softmax");
    const expected = listed(net).map(({ value }, i) => value - 0.1 * (listed(gradient)[i]?.value ?? 0));
    for (const [i, { value }] of listed(after).entries()) assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-15);
    assert.ok(largestDifference(after, net) > 1e-3);
  });

  it("the worked example's first steps and those of the three methods are the formulas', and every claim of --tiny holds", async function () {
    this.timeout(120_000);
    const lines: string[] = [];
    const claims = await toyDiagonals({ runtime: directRuntime, say: (line) => lines.push(line), tiny: true });
    assert.deepEqual(
      claims.map(({ holds }) => holds),
      [true, true, true, undefined, true],
    );
    // 14 weights, each with its gradient
    assert.equal(lines.filter((line) => /^ {3}[wb][ho]\d/.test(line)).length, 14);
    assert.match(lines.join("\n"), /hidden layer {2}0\.614 {2}0\.474\n +outputs +0\.874 {2}0\.218/);
  });
});
