import assert from "node:assert/strict";
import { smallCnn } from "../../models/small-cnn.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import { builderSuite, parameterCount } from "../support/builder-suite.ts";

/** Weights and bias of a 3x3 convolution. */
const conv = (inputs: number, outputs: number): number => 9 * inputs * outputs + outputs;
const dense = (inputs: number, outputs: number): number => inputs * outputs + outputs;
const convolutions = conv(3, 16) + conv(16, 16) + conv(16, 64) + conv(64, 64) + conv(64, 64);

describe("models/small-cnn", () => {
  describe("smallCnn() with BatchNorm and dropout at 16 px", () => {
    const parameters = convolutions + 2 * (16 + 16 + 64 + 64 + 64) + dense(64, 128) + dense(128, 128) + dense(128, 4);
    const graph = smallCnn({ classes: 4, sizePx: 16, batchNorm: true, dropout: 0.1 });
    builderSuite({ graph, classes: 4, sizePx: 16, parameters, rate: 0.05 });
  });

  it("smallCnn() leaves 4x4 pixels of a picture of 28 px, and has the course's parameters", () => {
    const graph = smallCnn({ classes: 9 });
    assert.deepEqual(
      ["conv1.out", "pool2", "conv3.out", "conv4.out", "conv5.out", "pool5", "features"].map((name) =>
        valueNamed(graph, name).shape.slice(1).join("x"),
      ),
      ["16x26x26", "16x12x12", "64x10x10", "64x8x8", "64x8x8", "64x4x4", "128"],
    );
    assert.equal(parameterCount(graph), convolutions + dense(64 * 16, 128) + dense(128, 128) + dense(128, 9));
  });

  it("smallCnn() takes grey pictures, and refuses those below 16 px", () => {
    assert.deepEqual(smallCnn({ channels: 1 }).inputs[0]?.shape, ["N", 1, 28, 28]);
    assert.throws(() => smallCnn({ sizePx: 15 }), { code: "E_SETTING", message: /expected 16 px or more$/ });
    assert.throws(() => smallCnn({ classes: 0.5 }), { code: "E_SETTING" });
    assert.throws(() => smallCnn({ dropout: -1 }), { code: "E_SETTING" });
  });
});
