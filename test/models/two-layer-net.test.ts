import assert from "node:assert/strict";
import { twoLayerNet } from "../../models/two-layer-net.ts";
import { builderSuite, parameterCount } from "../support/builder-suite.ts";

describe("models/two-layer-net", () => {
  describe("twoLayerNet()", () => {
    const graph = twoLayerNet({ classes: 4, sizePx: 8, hidden: 20 });
    builderSuite({ graph, classes: 4, sizePx: 8, parameters: 192 * 20 + 20 + 20 * 4 + 4 });
  });

  it("twoLayerNet() of the course, 50 hidden units on CIFAR-10, has 154,160 parameters", () => {
    assert.equal(parameterCount(twoLayerNet({ hidden: 50 })), 3072 * 50 + 50 + 50 * 10 + 10);
  });

  it("twoLayerNet() starts its weights as it is told, and its biases at 0", () => {
    const { constants } = twoLayerNet({ hidden: 30, initial: 1e-4 });
    const weights = Array.from(constants.get("fc1.weight")?.data as Float32Array);
    const deviation = Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
    assert.ok(Math.abs(deviation / 1e-4 - 1) < 0.02, `deviation ${deviation}`);
    for (const name of ["fc1.bias", "fc2.bias"]) {
      const biases = Array.from(constants.get(name)?.data as Float32Array);
      assert.ok(biases.length > 0 && biases.every((v) => v === 0));
    }
  });
});
