import assert from "node:assert/strict";
import { residualCnn } from "../../models/residual-cnn.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import { builderSuite, parameterCount } from "../support/builder-suite.ts";

/** A 3x3 convolution without bias, with the scale and shift of its BatchNorm. */
const normed = (inputs: number, outputs: number): number => 9 * inputs * outputs + 2 * outputs;

describe("models/residual-cnn", () => {
  describe("residualCnn() of width 8 on grey pictures of 12 px", () => {
    const parameters = normed(1, 8) + normed(8, 16) + 2 * normed(16, 16) + 16 * 4 + 4;
    builderSuite({
      graph: residualCnn({ classes: 4, channels: 1, width: 8 }),
      classes: 4,
      sizePx: 12,
      parameters,
      rate: 0.1,
    });
  });

  it("residualCnn() adds what the block made to what it was given", () => {
    const graph = residualCnn({ classes: 10, channels: 1 });
    assert.equal(parameterCount(graph), normed(1, 32) + normed(32, 64) + 2 * normed(64, 64) + 650);
    const sum = graph.nodes.find((n) => n.op === "Add");
    assert.deepEqual(
      sum?.inputs.map((v) => v?.name),
      ["bn4.out", "pool2"],
    );
    assert.deepEqual(valueNamed(graph, "features").shape, ["N", 64]);
  });

  it("residualCnn() refuses extents and dropouts that make no sense", () => {
    for (const options of [{ classes: 0 }, { channels: 1.5 }, { width: -1 }, { dropout: 1 }]) {
      assert.throws(() => residualCnn(options), { code: "E_SETTING" });
    }
  });
});
