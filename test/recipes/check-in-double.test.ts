import assert from "node:assert/strict";
import { mlp } from "../../models/mlp.ts";
import { checkInDouble } from "../../recipes/check-in-double.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { Loss } from "../../toolkit/losses/loss.ts";
import { multiClassHinge } from "../../toolkit/losses/multi-class-hinge.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { directRuntime as runtime } from "../support/run-graph.ts";

const batch = {
  inputs: new Map([["input", float32([4, 1, 2, 2], fillNormal(16, 1, 2))]]),
  labels: Int32Array.of(0, 1, 2, 1),
  weight: Float32Array.of(1, 1, 0.5, 1),
};

describe("recipes/check-in-double", () => {
  for (const activation of ["Relu", "Sigmoid", "Tanh"] as const) {
    it(`checkInDouble() finds the gradients of a dense net with ${activation} within 1e-7`, async () => {
      const graph = mlp({
        classes: 3,
        sizePx: 2,
        channels: 1,
        hidden: [5, 4],
        activation,
        initial: "he-normal",
        seed: 2,
      });
      for (const loss of [softmaxCrossEntropy(), multiClassHinge()]) {
        const errors = await checkInDouble(graph, { runtime, loss, batch });
        assert.equal(errors.length, 6);
        for (const { parameter, error } of errors) assert.ok(error < 1e-7, `${loss.name}, ${parameter}: ${error}`);
      }
    });
  }

  it("checkInDouble() tells a gradient that is off by a hundred-thousandth", async () => {
    // a staircase of steps too small to be seen: its rule says that it is flat, and it climbs
    const wrong: Loss = {
      name: "wrong",
      emit(x) {
        const { b } = x;
        const stairs = b.op("Floor", [b.op("Mul", [x.logits, b.scalar(2 ** 30)])]);
        const climbs = b.op("ReduceSum", [b.op("Mul", [stairs, b.scalar(2 ** -30 * 1e-5)]), b.ints([0, 1])], {
          keepdims: 0,
        });
        return b.op("Add", [softmaxCrossEntropy().emit(x), climbs]);
      },
    };
    const graph = mlp({ classes: 3, sizePx: 2, channels: 1, hidden: [4], initial: "he-normal", seed: 2 });
    const errors = await checkInDouble(graph, { runtime, loss: wrong, batch });
    const worst = Math.max(...errors.map(({ error }) => error));
    assert.ok(worst > 1e-6 && worst < 1e-3, `${worst}`);
  });
});
