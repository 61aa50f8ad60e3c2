import assert from "node:assert/strict";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { findHead } from "../../toolkit/passes/find-head.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { stageCuts } from "../../toolkit/passes/stage-cuts.ts";
import { architectures, readArchitecture } from "./architecture-files.ts";
import { conv3, smallGraph } from "./small-graph.ts";

/** What each stage of a network reads, the last stage first. All exporters write the same network. */
const STAGES: Readonly<Record<string, readonly string[]>> = {
  alexnet: ["10", "10x3x3", "8x7x7"],
  convnext: ["8x16x16"],
  densenet: ["8x4x4", "8x8x8", "8x16x16"],
  efficientnet: ["8x16x16", "8x32x32"],
  inception: ["20x32x32"],
  "mobilenet-v2": ["8x16x16", "6x32x32"],
  // the last one is the hidden layer behind the pooling
  "mobilenet-v3": ["24", "8x16x16", "8x32x32"],
  regnet: ["12x8x8", "8x16x16", "8x32x32"],
  resnet50: ["16x8x8", "12x16x16", "8x16x16"],
  resnext: ["16x8x8", "12x16x16", "8x16x16"],
  "shufflenet-v2": ["12x4x4", "8x8x8"],
  squeezenet: ["12x7x7", "8x15x15"],
  vgg: ["48", "12x2x2", "10x4x4", "8x8x8", "8x16x16"],
  "vgg-bn": ["48", "12x2x2", "10x4x4", "8x8x8", "8x16x16"],
  vit: ["17x12", "17x12"],
  "vit-torch": ["17x12", "17x12"],
};

/** The network up to its features, for pictures of 64 pixels where it takes such. */
function body(name: string, sizePx = 64): Graph {
  const graph = atPictureSize(normalise(readArchitecture(name)).graph, sizePx);
  const { map, feature } = findHead(graph);
  return cut(graph, { outputs: [(map ?? feature).name] });
}

const shapes = (graph: Graph): readonly string[] =>
  stageCuts(graph).map((point) => point.value.shape.slice(1).join("x"));

describe("passes/stage-cuts", () => {
  for (const { name, network } of architectures) {
    it(`stageCuts() finds the stages of ${name}`, () => assert.deepEqual(shapes(body(name)), STAGES[network]));
  }

  it("stageCuts() cuts in front of a ResNet's block groups, and of a ViT's blocks", () => {
    const names = (name: string): readonly string[] => stageCuts(body(name)).map((point) => point.value.name);
    assert.deepEqual(names("resnet50-old"), [
      "/layer2/layer2.1/Relu_output_0",
      "/layer1/layer1.1/Relu_output_0",
      "/stem/stem.3/MaxPool_output_0",
    ]);
    assert.deepEqual(names("vit-old"), ["/blocks/blocks.0/Add_1_output_0", "/Add_output_0"]);
  });

  it("stageCuts() finds the same where the last maps are one pixel", () => {
    const names = (sizePx: number): readonly string[] =>
      stageCuts(body("resnet50-old", sizePx)).map((point) => point.value.name);
    assert.deepEqual(names(16), names(224));
  });

  it("stageCuts() takes every layer for a stage where neither maps shrink nor blocks repeat", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => {
      const a = b.op("Relu", [conv3(b, x, "a", 4)], {}, { outputs: ["first"] });
      return [conv3(b, b.op("Relu", [conv3(b, a, "bb", 5)], {}, { outputs: ["second"] }), "ccc", 2)];
    });
    assert.deepEqual(
      stageCuts(graph).map((point) => point.value.name),
      ["second", "first"],
    );
  });
});
