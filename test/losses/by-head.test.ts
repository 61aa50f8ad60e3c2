import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { float32, scalar, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { binaryCrossEntropy } from "../../toolkit/losses/binary-cross-entropy.ts";
import { byHead } from "../../toolkit/losses/by-head.ts";
import { huber } from "../../toolkit/losses/huber.ts";
import { knownOnly } from "../../toolkit/losses/known-only.ts";
import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { smoothL1 } from "../../toolkit/losses/smooth-l1.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { tripletMargin } from "../../toolkit/losses/triplet-margin.ts";
import { fixture, readJson } from "../support/fixtures.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { lossSuite } from "../support/loss-suite.ts";

interface Golden {
  readonly widths: readonly number[];
  readonly weights: readonly number[];
  readonly posWeight: readonly number[];
  readonly delta: number;
  readonly logits: readonly (readonly number[])[];
  readonly target: readonly (readonly (number | null)[])[];
  readonly sampleWeights: readonly number[];
  readonly loss: number;
  readonly gradient: readonly (readonly number[])[];
}

describe("losses/by-head", () => {
  lossSuite(
    "byHead()",
    byHead([
      { loss: meanSquaredError(), width: 2, weight: 1 },
      { loss: knownOnly(smoothL1({ beta: 0.5 })), width: 1, weight: 0.25 },
      { loss: huber({ delta: 0.25 }), width: 2, weight: 3 },
    ]),
    {
      shapes: [
        [6, 5],
        [1, 5],
        [3, 5],
        [4, 5],
      ],
    },
  );

  it("byHead() is PyTorch's sum of cross-entropy, weighted binary cross-entropy and Huber with gaps, in value and gradient", async () => {
    const golden = readJson<Golden>(fixture("heads/heads.json"));
    const { widths, weights, posWeight, delta, sampleWeights } = golden;
    const losses = [softmaxCrossEntropy(), binaryCrossEntropy({ posWeight }), knownOnly(huber({ delta }))];
    const loss = byHead(losses.map((one, i) => ({ loss: one, width: widths[i] ?? 0, weight: weights[i] ?? 0 })));
    const rows = golden.logits.length;
    const width = golden.logits[0]?.length ?? 0;
    const found = await lossAndGradients(loss, {
      logits: float32([rows, width], golden.logits.flat()),
      target: float32(
        [rows, width],
        golden.target.flat().map((v) => v ?? Number.NaN),
      ),
      weight: float32([rows], sampleWeights),
      divisor: scalar(sampleWeights.reduce((sum, w) => sum + w, 0)),
    });
    assert.ok(Math.abs(found.loss - golden.loss) < 1e-5 * golden.loss, `${found.loss}, expected ${golden.loss}`);
    const expected = golden.gradient.flat();
    for (const [i, g] of toNumbers(found.gradients.get("logits") as TensorData).entries()) {
      assert.ok(Math.abs(g - (expected[i] ?? Number.NaN)) < 1e-6, `${g} at ${i}, expected ${expected[i]}`);
    }
  });

  it("byHead() refuses no head, a negative weight, and a loss whose target has another shape", () => {
    const mse = meanSquaredError();
    for (const heads of [[], [{ loss: mse, width: 1, weight: -1 }], [{ loss: tripletMargin(), width: 2, weight: 1 }]]) {
      assert.throws(
        () => byHead(heads),
        (error) => errorCode(error) === "E_SETTING",
      );
    }
  });
});
