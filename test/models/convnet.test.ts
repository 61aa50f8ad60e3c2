import assert from "node:assert/strict";
import { convnet } from "../../models/convnet.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { trainingDropout } from "../../toolkit/passes/training-dropout.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { builderSuite } from "../support/builder-suite.ts";
import { runGraph } from "../support/run-graph.ts";

describe("models/convnet", () => {
  it("convnet has the 1,190,000 weights of the course's table, layer by layer", () => {
    const { constants } = convnet();
    const weights = [...constants].filter(([name]) => name.endsWith(".weight"));
    const sizes = new Map(weights.map(([name, t]) => [name, t.data.length]));
    assert.deepEqual(
      [...sizes],
      [
        ["conv1.weight", 2400],
        ["conv2.weight", 51_200],
        ["conv3.weight", 102_400],
        ["fc4.weight", 1_024_000],
        ["fc5.weight", 10_000],
      ],
    );
  });

  it("convnet halves a 32 px picture three times", () => {
    const graph = convnet({ classes: 7 });
    assert.deepEqual(valueNamed(graph, "pool1").shape, ["N", 32, 16, 16]);
    assert.deepEqual(valueNamed(graph, "pool2").shape, ["N", 64, 8, 8]);
    assert.deepEqual(valueNamed(graph, "pool3").shape, ["N", 64, 4, 4]);
    assert.deepEqual(graph.outputs[0]?.shape, ["N", 7]);
  });

  it("convnet with batchNorm runs in ONNX Runtime, and the two pictures get different logits", async () => {
    const graph = convnet({ batchNorm: true, seed: 1 });
    const picture = Float32Array.from({ length: 2 * 3 * 32 * 32 }, (_, i) => Math.sin(i * i));
    const out = await runGraph(graph, new Map([["input", float32([2, 3, 32, 32], picture)]]));
    const logits = Array.from(out.get("logits")?.data as Float32Array);
    assert.equal(logits.length, 20);
    assert.ok(logits.every((v) => Number.isFinite(v)));
    assert.notDeepEqual(logits.slice(0, 10), logits.slice(10));
  });

  it("convnet normalises after each convolution where batchNorm is asked for", () => {
    const order = convnet({ batchNorm: true }).nodes.map((n) => n.op);
    assert.deepEqual(order.slice(0, 4), ["Conv", "BatchNormalization", "Relu", "MaxPool"]);
    assert.equal(order.filter((op) => op === "BatchNormalization").length, 3);
    assert.ok(!convnet().nodes.some((n) => n.op === "BatchNormalization"));
  });

  it("convnet drops the hidden layer by the share it is given, which is not a parameter", () => {
    const graph = convnet({ dropout: 0.25 });
    const { masks } = trainingDropout(graph);
    assert.deepEqual(
      masks.map(({ ratio, input }) => [ratio, input.shape]),
      [[0.25, ["N", 1000]]],
    );
    assert.equal(parametersOf(graph).length, 7);
  });

  it("convnet takes grey pictures and other sizes", () => {
    const graph = convnet({ sizePx: 40, channels: 1 });
    assert.deepEqual(graph.inputs[0]?.shape, ["N", 1, 40, 40]);
    assert.deepEqual(valueNamed(graph, "pool3").shape, ["N", 64, 5, 5]);
    assert.throws(() => convnet({ sizePx: 7 }), { code: "E_SETTING", message: /7 px: expected 8 px or more$/ });
  });

  describe("convnet with batchNorm at 16 px", () => {
    const parameters = 2400 + 51_200 + 102_400 + 2 * (32 + 64 + 64) + 256 * 1000 + 1000 + 1000 * 4 + 4;
    builderSuite({ graph: convnet({ classes: 4, sizePx: 16, batchNorm: true }), classes: 4, sizePx: 16, parameters });
  });

  it("convnet calls what its last layer reads `features`, dropped or not", () => {
    for (const dropout of [0, 0.5]) assert.equal(convnet({ dropout }).nodes.at(-1)?.inputs[0]?.name, "features");
  });

  it("convnet refuses classes and dropouts that make no sense", () => {
    for (const options of [
      { classes: 0 },
      { classes: 1.5 },
      { dropout: 1 },
      { dropout: -0.1 },
      { dropout: Number.NaN },
    ]) {
      assert.throws(() => convnet(options), { code: "E_SETTING" });
    }
  });
});
