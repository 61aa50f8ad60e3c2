import assert from "node:assert/strict";
import { mobileNetV2 } from "../../models/mobilenet-v2.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { runGraph } from "../support/run-graph.ts";

describe("models/mobilenet-v2", () => {
  it("mobileNetV2 with 1000 classes has torchvision's 3,504,872 parameters", () => {
    const { constants } = mobileNetV2({ classes: 1000 });
    const parameters = [...constants].filter(([name]) => /\.(weight|bias)$/.test(name));
    assert.equal(
      parameters.reduce((sum, [, t]) => sum + t.data.length, 0),
      3_504_872,
    );
  });

  it("mobileNetV2 has torchvision's names and shapes at both ends of a block", () => {
    const { constants } = mobileNetV2({ classes: 3 });
    const shape = (name: string): readonly number[] | undefined => constants.get(name)?.shape;
    assert.deepEqual(shape("features.0.0.weight"), [32, 3, 3, 3]);
    assert.deepEqual(shape("features.1.conv.0.0.weight"), [32, 1, 3, 3]);
    assert.deepEqual(shape("features.1.conv.1.weight"), [16, 32, 1, 1]);
    assert.deepEqual(shape("features.1.conv.2.running_var"), [16]);
    assert.deepEqual(shape("features.17.conv.1.0.weight"), [960, 1, 3, 3]);
    assert.deepEqual(shape("features.17.conv.2.weight"), [320, 960, 1, 1]);
    assert.deepEqual(shape("features.18.0.weight"), [1280, 320, 1, 1]);
    assert.deepEqual(shape("classifier.1.weight"), [3, 1280]);
  });

  it("mobileNetV2 adds a block's input where stride and channels keep its shape: 10 of 17 blocks", () => {
    const graph = mobileNetV2({ classes: 2 });
    assert.equal(graph.nodes.filter((n) => n.op === "Add").length, 10);
    assert.deepEqual(valueNamed(graph, "features").shape, ["N", 1280]);
  });

  it("mobileNetV2 starts depthwise convolutions Kaiming-normal over PyTorch's fan-out", () => {
    const weight = mobileNetV2({ classes: 2 }).constants.get("features.17.conv.1.0.weight");
    const values = Array.from(weight?.data as Float32Array);
    const deviation = Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);
    assert.ok(Math.abs(deviation / Math.sqrt(2 / (960 * 9)) - 1) < 0.05, `deviation ${deviation}`);
  });

  it("mobileNetV2 runs in ONNX Runtime on a picture of 64 px", async () => {
    const picture = Float32Array.from({ length: 3 * 64 * 64 }, (_, i) => Math.sin(i));
    const out = await runGraph(mobileNetV2({ classes: 5 }), new Map([["input", float32([1, 3, 64, 64], picture)]]));
    const logits = Array.from(out.get("logits")?.data as Float32Array);
    assert.equal(logits.length, 5);
    assert.ok(logits.every((v) => Number.isFinite(v) && v !== 0));
  });

  it("mobileNetV2 refuses classes that are no positive integer", () => {
    for (const classes of [0, 1.5]) assert.throws(() => mobileNetV2({ classes }), { code: "E_SETTING" });
  });
});
