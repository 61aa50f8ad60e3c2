import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as ort from "onnxruntime-node";
import { findCard } from "../../models/cards.ts";
import { packageFile } from "../../models/package-file.ts";
import { resnet } from "../../models/resnet.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { valueNamed } from "../../toolkit/graph/ir.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { formatShape } from "../../toolkit/graph/shape.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { ortSession } from "../../toolkit/runtime/ort.ts";
import { checkGradients } from "../../toolkit/train/gradient-check.ts";
import type { GradientCheck } from "../../toolkit/train/gradient-check.ts";
import { randomBatch } from "../../toolkit/train/random-batch.ts";
import { builderSuite } from "../support/builder-suite.ts";
import { directRuntime } from "../support/run-graph.ts";

const weights = (graph: Graph, name: string): readonly number[] =>
  Array.from(graph.constants.get(name)?.data as Float32Array);
const deviation = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length);

/** Names and shapes of all weights but the head's. */
const shapes = (g: Graph): readonly string[] =>
  [...g.constants]
    .map(([name, t]) => `${name} ${formatShape(t.shape)}`)
    .filter((line) => !line.startsWith("fc."))
    .toSorted();
/** What each node does and makes, without the casts of weights stored in half precision. */
const layers = (g: Graph): readonly string[] =>
  g.nodes
    .filter((n) => n.op !== "Cast")
    .map((n) => `${n.op} ${n.outputs[0]?.name} ${JSON.stringify(n.attrs["strides"] ?? "")}`);

const parameterCount = (graph: Graph): number =>
  [...graph.constants]
    .filter(([name]) => !name.includes("running_"))
    .reduce((sum, [, tensor]) => sum + tensor.data.length, 0);

/** How many blocks each stage has. */
function blocksOf(graph: Graph): readonly number[] {
  const blocks = graph.nodes.filter((n) => n.op === "Add").map((n) => n.name?.slice(0, 6));
  return [1, 2, 3, 4].map((stage) => blocks.filter((b) => b === `layer${stage}`).length);
}

/** Weights of a basic block, with the scale and shift of each norm. */
function basicBlock(inputs: number, outputs: number): number {
  const skip = inputs === outputs ? 0 : inputs * outputs + 2 * outputs;
  return 9 * inputs * outputs + 9 * outputs * outputs + 4 * outputs + skip;
}

/** A ResNet of basic blocks whose stem is kernel x kernel over three channels. */
function resnetParameters(
  blocks: readonly number[],
  { width, kernel, classes }: { width: number; kernel: number; classes: number },
): number {
  const stages = blocks.map((count, i) => {
    const [from, to] = [i === 0 ? width : width * 2 ** (i - 1), width * 2 ** i];
    return basicBlock(from, to) + (count - 1) * basicBlock(to, to);
  });
  return 3 * width * kernel ** 2 + 2 * width + stages.reduce((a, b) => a + b, 0) + 8 * width * classes + classes;
}

const first = (seed: number, name: string): number | undefined =>
  weights(resnet({ classes: 2, width: 2, seed }), name)[0];

describe("models/resnet", () => {
  it("depth 18 with 1000 classes has torchvision's 11,689,512 parameters, names and layers", async function () {
    this.timeout(60_000);
    const graph = checkGraph(resnet({ depth: 18, classes: 1000 }));
    assert.equal(parameterCount(graph), 11_689_512);
    // the bundled file has torchvision's names and layers
    const bundled = decodeModel(await readFile(packageFile(findCard("bundled").file))).graph;
    assert.deepEqual(shapes(graph), shapes(bundled));
    assert.deepEqual(layers(graph), layers(bundled));
  });

  it("depth 34 has 3, 4, 6 and 3 blocks", () => {
    assert.deepEqual(blocksOf(resnet({ depth: 34, classes: 2, width: 2 })), [3, 4, 6, 3]);
  });

  it("depths 18 and 34, with either stem, have the parameters of PyTorch's by the formula", () => {
    const blocks = { 18: [2, 2, 2, 2], 34: [3, 4, 6, 3] } as const;
    const whole = ([18, 34] as const).flatMap((depth) => [
      resnetParameters(blocks[depth], { width: 64, kernel: 7, classes: 1000 }),
      resnetParameters(blocks[depth], { width: 64, kernel: 3, classes: 10 }),
    ]);
    // as torchvision's documentation and the usual repositories for CIFAR-10 state them
    assert.deepEqual(whole, [11_689_512, 11_173_962, 21_797_672, 21_282_122]);
    for (const depth of [18, 34] as const) {
      for (const [stem, kernel] of [["imagenet", 7] as const, ["cifar", 3] as const]) {
        const expected = resnetParameters(blocks[depth], { width: 4, kernel, classes: 9 });
        assert.equal(parameterCount(resnet({ depth, stem, width: 4, classes: 9 })), expected, `${depth} ${stem}`);
      }
    }
  });

  it("depths 50, 101 and 152 have torchvision's bottleneck blocks", () => {
    const blocks = ([50, 101, 152] as const).map((depth) => blocksOf(resnet({ depth, classes: 2, width: 2 })));
    assert.deepEqual(blocks, [
      [3, 4, 6, 3],
      [3, 4, 23, 3],
      [3, 8, 36, 3],
    ]);
  });

  it("depth 50 with 1000 classes has torchvision's 25,557,032 parameters, names and shapes", function () {
    this.timeout(60_000);
    const graph = checkGraph(resnet({ depth: 50, classes: 1000 }));
    assert.equal(parameterCount(graph), 25_557_032);
    const shape = (name: string): readonly number[] | undefined => graph.constants.get(name)?.shape;
    assert.deepEqual(shape("layer1.0.conv1.weight"), [64, 64, 1, 1]);
    assert.deepEqual(shape("layer1.0.conv2.weight"), [64, 64, 3, 3]);
    assert.deepEqual(shape("layer1.0.conv3.weight"), [256, 64, 1, 1]);
    assert.deepEqual(shape("layer1.0.bn3.running_var"), [256]);
    assert.deepEqual(shape("layer1.0.downsample.0.weight"), [256, 64, 1, 1]);
    assert.deepEqual(shape("layer4.0.downsample.1.weight"), [2048]);
    assert.equal(shape("layer4.1.downsample.0.weight"), undefined);
    assert.deepEqual(shape("fc.weight"), [1000, 2048]);
    assert.deepEqual(valueNamed(graph, "features").shape, ["N", 2048]);
  });

  it("depth 50 with 32 groups of 4 channels has the 25,028,904 parameters of torchvision's ResNeXt-50 32x4d", function () {
    this.timeout(60_000);
    const graph = resnet({ depth: 50, classes: 1000, groups: 32, groupWidth: 4 });
    assert.equal(parameterCount(graph), 25_028_904);
    assert.deepEqual(graph.constants.get("layer1.0.conv2.weight")?.shape, [128, 4, 3, 3]);
    assert.deepEqual(graph.constants.get("layer4.2.conv2.weight")?.shape, [1024, 32, 3, 3]);
  });

  it("a bottleneck block has its stride in the 3x3 convolution and in the skip", () => {
    const graph = resnet({ depth: 50, classes: 2, width: 2 });
    const strides = ["conv1", "conv2", "conv3", "downsample.0"].map(
      (name) => graph.nodes.find((n) => n.name === `layer2.0.${name}`)?.attrs["strides"],
    );
    assert.deepEqual(strides, [
      [1, 1],
      [2, 2],
      [1, 1],
      [2, 2],
    ]);
  });

  for (const groups of [1, 4]) {
    it(`gradients of bottleneck blocks of ${groups} groups are those of finite differences`, async () => {
      const graph = resnet({ depth: 50, classes: 3, width: 8, groups, seed: 1 });
      const blocks = ["layer1.0", "layer4.0"];
      const parameters = [...graph.constants.keys()].filter(
        (name) => blocks.some((block) => name.startsWith(block)) && /(conv\d|downsample\.0|bn3)\.weight$/.test(name),
      );
      const batch = randomBatch(graph, { rows: 3, classes: 3, sizePx: 64 });
      const found: GradientCheck[] = [];
      for await (const check of checkGradients(batchNormTraining(graph).graph, {
        runtime: directRuntime,
        batch,
        parameters,
      })) {
        found.push(check);
      }
      assert.equal(found.length, 10);
      assert.deepEqual(
        found.filter((c) => c.verdict === "wrong"),
        [],
      );
      assert.ok(found.filter((c) => c.verdict === "ok").length >= 7, JSON.stringify(found));
    });
  }

  for (const [stem, sizePx, firstMap] of [
    ["imagenet", 64, 16],
    ["cifar", 32, 32],
  ] as const) {
    it(`runs in ONNX Runtime with the ${stem} stem`, async () => {
      const graph = resnet({ classes: 5, stem, width: 8, seed: 1 });
      const watched = ["features", "layer1.1.relu2"].map((name) => valueNamed(graph, name));
      const model = {
        graph: { ...graph, outputs: [...graph.outputs, ...watched] },
        opsets: new Map([["", 17]]),
        metadata: new Map(),
      };
      const session = await ortSession(ort, encodeModel(model), { threads: 1 });
      try {
        const input = float32(
          [2, 3, sizePx, sizePx],
          Float32Array.from({ length: 6 * sizePx ** 2 }, (_, i) => Math.sin(i)),
        );
        const out = await session.run({
          feeds: new Map([["input", input]]),
          fetch: ["logits", "features", "layer1.1.relu2"],
        });
        assert.deepEqual(out.get("logits")?.shape, [2, 5]);
        assert.deepEqual(out.get("features")?.shape, [2, 64]);
        assert.deepEqual(out.get("layer1.1.relu2")?.shape, [2, 8, firstMap, firstMap]);
        assert.ok(Array.from(out.get("logits")?.data as Float32Array).every((v) => Number.isFinite(v) && v !== 0));
      } finally {
        await session.release();
      }
    });
  }

  it("takes grey pictures", () => {
    const graph = resnet({ classes: 2, width: 2, channels: 1, stem: "cifar" });
    assert.deepEqual(graph.inputs[0]?.shape, ["N", 1, "H", "W"]);
    assert.deepEqual(graph.constants.get("conv1.weight")?.shape, [2, 1, 3, 3]);
  });

  describe("depth 18 with the cifar stem and width 4", () => {
    const parameters = resnetParameters([2, 2, 2, 2], { width: 4, kernel: 3, classes: 4 });
    const graph = resnet({ classes: 4, width: 4, stem: "cifar" });
    builderSuite({ graph, classes: 4, sizePx: 16, parameters });
  });

  it("declares a symbolic batch and size, and features of 8 * width", () => {
    const graph = resnet({ classes: 3, width: 4 });
    assert.deepEqual(graph.inputs[0]?.shape, ["N", 3, "H", "W"]);
    assert.deepEqual(graph.outputs[0]?.shape, ["N", 3]);
    assert.deepEqual(valueNamed(graph, "features").shape, ["N", 32]);
  });

  it("starts convolutions Kaiming-normal over fan-out, fc uniform within 1/sqrt(inputs), BatchNorm as the identity", () => {
    const graph = resnet({ classes: 100, width: 16 });
    const conv = deviation(weights(graph, "layer3.0.conv1.weight"));
    assert.ok(Math.abs(conv / Math.sqrt(2 / (64 * 9)) - 1) < 0.03, `deviation ${conv}`);
    const bound = 1 / Math.sqrt(128);
    for (const name of ["fc.weight", "fc.bias"]) {
      const values = weights(graph, name);
      const largest = Math.max(...values.map(Math.abs));
      assert.ok(largest <= bound && largest > 0.9 * bound, `${name} reaches ${largest}`);
    }
    const batchNorm = ["weight", "bias", "running_mean", "running_var"].map((part) => weights(graph, `bn1.${part}`)[5]);
    assert.deepEqual(batchNorm, [1, 0, 0, 1]);
  });

  it("is the same for one seed, and other layers and seeds get other numbers", () => {
    assert.equal(first(3, "layer1.0.conv1.weight"), first(3, "layer1.0.conv1.weight"));
    assert.notEqual(first(3, "layer1.0.conv1.weight"), first(4, "layer1.0.conv1.weight"));
    assert.notEqual(first(3, "layer1.0.conv1.weight"), first(3, "layer1.0.conv2.weight"));
  });

  it("refuses classes, widths and groups that are no positive integers", () => {
    for (const options of [
      { classes: 0 },
      { classes: 2.5 },
      { classes: 2, width: -1 },
      { classes: 2, depth: 50, groups: 3 },
      { classes: 2, depth: 50, groupWidth: 0.5 },
    ] as const) {
      assert.throws(() => resnet(options), { code: "E_SETTING" });
    }
  });

  it("refuses groups in basic blocks", () => {
    assert.throws(() => resnet({ classes: 2, groups: 2 }), {
      code: "E_SETTING",
      message: "Cannot build a ResNet of depth 18 with groups: expected 50, 101 or 152",
    });
  });
});
