import assert from "node:assert/strict";
import { networkStage } from "../../toolkit/fine-tune/network-stage.ts";
import type { Photos } from "../../toolkit/fine-tune/photos.ts";
import { settle } from "../../toolkit/fine-tune/settings.ts";
import { graft } from "../../toolkit/fine-tune/student.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { readArchitecture } from "../passes/architecture-files.ts";

const none = async function* (): AsyncGenerator<TrainBatch> {
  // no step is taken here
};
const photos: Photos = {
  rows: 2,
  training: none,
  validation: none,
  evaluation: none,
  sampled: none,
  stepsPerEpoch: () => 1,
  dims: () => new Map(),
};

describe("fine-tune/network-stage", () => {
  it("networkStage() clips each output of a dense layer by itself, whichever way the layer is written", () => {
    const settings = settle({ mode: "full", sizePx: 32, clipAdaptive: 0.01 }, 32);
    const source = { model: readArchitecture("vit-old"), name: "vit", sha256: "" };
    const student = graft(source, ["a", "b"], settings);
    const { graph } = networkStage(student, settings, photos, 2).step;
    const by = new Map(graph.nodes.flatMap((node) => node.outputs.map((v) => [v.name, node] as const)));
    /** Axes that the squares of a weight are summed over. */
    const summed = (weight: string): readonly number[] | undefined => {
      const sum = graph.nodes.find((node) => {
        const squares = node.op === "ReduceSum" ? by.get(node.inputs[0]?.name ?? "") : undefined;
        return squares?.op === "Mul" && squares.inputs.every((v) => v?.name === weight);
      });
      const axes = graph.constants.get(sum?.inputs[1]?.name ?? "");
      return axes && toNumbers(axes);
    };
    const products = student.graph.nodes.flatMap(({ op, inputs: [, weight] }) =>
      op === "MatMul" && weight && student.graph.constants.has(weight.name) ? [weight.name] : [],
    );
    assert.ok(products.length > 0);
    for (const name of products) assert.deepEqual(summed(name), [0], name);
    const convolution = student.graph.nodes.find(({ op }) => op === "Conv")?.inputs[1]?.name ?? "";
    assert.deepEqual(summed(convolution), [1, 2, 3]);
  });
});
