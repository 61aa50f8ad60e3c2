import assert from "node:assert/strict";
import { mlp } from "../../models/mlp.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import { trainingDropout } from "../../toolkit/passes/training-dropout.ts";
import { builderSuite, parameterCount } from "../support/builder-suite.ts";

const INPUTS = 3 * 8 * 8;

describe("models/mlp", () => {
  describe("mlp() with two hidden layers", () => {
    const graph = mlp({ classes: 4, sizePx: 8, hidden: [20, 12] });
    const parameters = INPUTS * 20 + 20 + 20 * 12 + 12 + 12 * 4 + 4;
    builderSuite({ graph, classes: 4, sizePx: 8, parameters });
  });

  describe("mlp() with dropout", () => {
    const graph = mlp({ classes: 4, sizePx: 8, hidden: [40, 40], dropout: 0.2, initial: "he-normal" });
    const parameters = INPUTS * 40 + 40 + 40 * 40 + 40 + 40 * 4 + 4;
    builderSuite({ graph, classes: 4, sizePx: 8, parameters });
  });

  describe("mlp() without a hidden layer, softmax regression", () => {
    builderSuite({
      graph: mlp({ classes: 3, sizePx: 8, hidden: [] }),
      classes: 3,
      sizePx: 8,
      parameters: INPUTS * 3 + 3,
    });
  });

  it("mlp() names its layers, and `features` is the last hidden one", () => {
    const graph = mlp({ classes: 5, sizePx: 4, channels: 1, hidden: [7, 6], dropout: 0.5 });
    assert.deepEqual(
      graph.nodes.map((n) => `${n.op} ${n.outputs[0]?.name}`),
      [
        "Flatten flatten",
        "Gemm fc1.out",
        "Relu relu1",
        "Dropout dropout1",
        "Gemm fc2.out",
        "Relu relu2",
        "Dropout features",
        "Gemm logits",
      ],
    );
    assert.deepEqual(valueNamed(graph, "features").shape, ["N", 6]);
    assert.deepEqual(
      trainingDropout(graph).masks.map(({ ratio, input }) => [ratio, input.shape]),
      [
        [0.5, ["N", 7]],
        [0.5, ["N", 6]],
      ],
    );
    assert.deepEqual(valueNamed(mlp({ sizePx: 2, channels: 1, hidden: [] }), "features").shape, ["N", 4]);
  });

  it("mlp() takes sigmoids and tanh", () => {
    for (const activation of ["Sigmoid", "Tanh"] as const) {
      const graph = mlp({ sizePx: 2, hidden: [3, 3], activation });
      assert.deepEqual(
        graph.nodes.filter((n) => n.op === activation).map((n) => n.outputs[0]?.name),
        [`${activation.toLowerCase()}1`, "features"],
      );
    }
  });

  it("mlp() of 784 inputs, 512 and 512 and 10 classes has Keras's 669,706 parameters", () => {
    assert.equal(parameterCount(mlp({ sizePx: 28, channels: 1, hidden: [512, 512] })), 669_706);
  });

  it("mlp() refuses extents and dropouts that make no sense", () => {
    for (const options of [{ classes: 0 }, { sizePx: 1.5 }, { channels: 0 }, { hidden: [0] }, { dropout: 1 }]) {
      assert.throws(() => mlp(options), { code: "E_SETTING", message: /^Cannot build a dense net with / });
    }
  });
});
