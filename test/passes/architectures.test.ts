import assert from "node:assert/strict";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { findHead } from "../../toolkit/passes/find-head.ts";
import { foldBatchNorm } from "../../toolkit/passes/fold-batch-norm.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { replaceHead } from "../../toolkit/passes/replace-head.ts";
import { batchNormPolicy, restorable, restoreBatchNorm } from "../../toolkit/passes/restore-batch-norm.ts";
import type { ChannelStatistics } from "../../toolkit/passes/restore-batch-norm.ts";
import { withChannelStatistics } from "../../toolkit/train/channel-statistics.ts";
import { runGraph } from "../support/run-graph.ts";
import { architectures, readArchitecture } from "./architecture-files.ts";
import { difference, operatorsOf } from "./raw-model.ts";

/** Features, and the BatchNormalizations of the network, by its name. */
const expected: Readonly<
  Record<string, { readonly features: number; readonly norms: number; readonly kept?: number }>
> = {
  alexnet: { features: 16, norms: 0 },
  vgg: { features: 24, norms: 0 },
  "vgg-bn": { features: 24, norms: 8 },
  squeezenet: { features: 16, norms: 0 },
  // those in front of a convolution cannot be folded
  densenet: { features: 16, norms: 16, kept: 9 },
  inception: { features: 24, norms: 23 },
  resnet50: { features: 24, norms: 19 },
  resnext: { features: 24, norms: 19 },
  "mobilenet-v2": { features: 24, norms: 16 },
  "mobilenet-v3": { features: 20, norms: 16 },
  "shufflenet-v2": { features: 24, norms: 21 },
  efficientnet: { features: 24, norms: 13 },
  regnet: { features: 16, norms: 16 },
  convnext: { features: 12, norms: 0 },
  vit: { features: 12, norms: 0 },
  "vit-torch": { features: 12, norms: 0 },
};

async function outputOf(graph: Graph, x: TensorData): Promise<TensorData> {
  const results = await runGraph(graph, new Map([[graph.inputs[0]?.name ?? "", x]]));
  const output = results.get(graph.outputs[0]?.name ?? "");
  assert.ok(output);
  return output;
}

/** Mean and variance of the channels that may be restored, over the pictures. */
async function measure(graph: Graph, x: TensorData): Promise<ReadonlyMap<string, ChannelStatistics>> {
  const names = restorable(graph).map((v) => v.name);
  const measured = await runGraph(withChannelStatistics(graph, names, operators), new Map([["input", x]]));
  const of = (name: string): Float32Array => (measured.get(name)?.data ?? new Float32Array()) as Float32Array;
  return new Map(
    names.map((name) => [name, { mean: of(`${name}:channel-mean`), variance: of(`${name}:channel-variance`) }]),
  );
}

/** The graph with names that say nothing. */
function renamed(graph: Graph): Graph {
  const names = new Map<string, string>();
  const rename = <V extends Value | undefined>(v: V): V => {
    if (v && !names.has(v.name)) names.set(v.name, `v${names.size}`);
    return v && { ...v, name: names.get(v.name) };
  };
  const nodes = graph.nodes.map((n) => ({ ...n, inputs: n.inputs.map(rename), outputs: n.outputs.map(rename) }));
  return {
    inputs: graph.inputs.map(rename),
    outputs: graph.outputs.map(rename),
    constants: new Map([...graph.constants].map(([name, t]) => [names.get(name) ?? name, t])),
    nodes,
  };
}

const count = (graph: Graph, op: string): number => operatorsOf(graph).filter((found) => found === op).length;

describe("passes on whole architectures", () => {
  it("there are all of them, in the old style and the new", () => {
    const found = architectures.filter(({ style }) => style === "old" || style === "new").map(({ name }) => name);
    assert.deepEqual(
      found,
      Object.keys(expected)
        .flatMap((name) => [`${name}-new`, `${name}-old`])
        .toSorted(),
    );
  });

  for (const { name, network, pictures, parameters } of architectures) {
    const { features } = expected[network] ?? {};
    it(`parametersOf() finds PyTorch's parameters and nothing else: ${name}`, () => {
      assert.deepEqual([...parametersOf(normalise(readArchitecture(name)).graph)].toSorted(), parameters.toSorted());
    });

    it(`findHead() and replaceHead() find the last layer and keep the backbone bit for bit: ${name}`, async () => {
      const { graph } = normalise(readArchitecture(name));
      const head = findHead(graph);
      assert.deepEqual([head.features, head.classes], [features, 5]);
      assert.deepEqual(head.feature.shape, ["N", features]);
      assert.equal(head.map !== undefined, network === "squeezenet");
      const grafted = checkGraph(replaceHead(graph, { classes: 3, seed: 1 }));
      assert.deepEqual(grafted.outputs[0]?.shape, ["N", 3]);
      for (const parameter of parametersOf(grafted).filter((p) => !p.startsWith("head.") || parameters.includes(p))) {
        if (parameter === "head.weight" || parameter === "head.bias") continue;
        assert.equal(grafted.constants.get(parameter), graph.constants.get(parameter));
      }
      const read = (head.map ?? head.feature).name;
      const before = await outputOf(cut(graph, { outputs: [read] }), pictures);
      const after = await outputOf(cut(grafted, { outputs: [read] }), pictures);
      assert.deepEqual(after, before);
    });
  }
});

describe("passes/restore-batch-norm on whole architectures", () => {
  for (const { name, network, style, pictures } of architectures) {
    const { norms = 0, kept = 0 } = expected[network] ?? {};
    const folded = norms > 0 && style !== "bn";
    it(`restorable() tells what was folded: ${name}`, () => {
      const { graph } = normalise(readArchitecture(name));
      assert.equal(restorable(graph).length, folded ? norms - kept : 0);
      assert.equal(batchNormPolicy(graph), folded ? "folded" : norms > 0 ? "has-batch-norm" : "none");
    });
    if (!folded) continue;

    it(`restoreBatchNorm() keeps the function, and foldBatchNorm() gives the original back: ${name}`, async () => {
      const { graph } = normalise(readArchitecture(name));
      const restored = checkGraph(restoreBatchNorm(graph, await measure(graph, pictures)));
      assert.deepEqual([count(restored, "BatchNormalization"), restorable(restored).length], [norms, 0]);
      assert.equal(batchNormPolicy(restored), "has-batch-norm");
      const training = batchNormTraining(restored);
      checkGraph(training.graph);
      assert.equal(training.statistics.length, norms);
      const before = await outputOf(graph, pictures);
      assert.ok(difference(before, await outputOf(restored, pictures)) < 1e-4);
      const again = checkGraph(foldBatchNorm(restored));
      assert.deepEqual(operatorsOf(again), operatorsOf(graph));
      assert.ok(difference(before, await outputOf(again, pictures)) < 1e-4);
    });
  }

  for (const { name, network, pictures } of architectures.filter(({ style }) => style === "bn")) {
    it(`foldBatchNorm() and batchNormTraining() take every BatchNormalization of ${name}`, async () => {
      const { graph } = normalise(readArchitecture(name));
      const { norms = 0, kept = 0 } = expected[network] ?? {};
      assert.equal(batchNormTraining(graph).statistics.length, norms);
      const folded = checkGraph(foldBatchNorm(graph));
      assert.equal(count(folded, "BatchNormalization"), kept);
      assert.ok(difference(await outputOf(graph, pictures), await outputOf(folded, pictures)) < 1e-4);
    });
  }

  for (const [name, found] of [
    ["resnext-old", 19],
    ["mobilenet-v2-new", 16],
    ["mobilenet-v3-new", 16],
    ["shufflenet-v2-old", 21],
    ["regnet-new", 16],
    ["densenet-old", 7],
    // nothing but its names tells such a network from one that never had a norm
    ["vgg-bn-old", 0],
    ["inception-new", 0],
  ] as const) {
    it(`restorable() finds ${found} convolutions by the form of ${name} alone`, () => {
      assert.equal(restorable(renamed(normalise(readArchitecture(name)).graph)).length, found);
    });
  }

  it("restorable() takes any network's convolutions where the user asks for it, but those of other norms", () => {
    const asked = (name: string): number => restorable(normalise(readArchitecture(name)).graph, { asked: true }).length;
    assert.deepEqual(
      ["vgg-old", "alexnet-new", "squeezenet-old", "convnext-old", "vit-new"].map(asked),
      [8, 5, 13, 0, 0],
    );
  });
});

describe("passes/find-head on networks without a classifier", () => {
  for (const [name, what] of [
    ["mobilenet-v3-new", /made by HardSwish .*expected Gemm, MatMul or a 1x1 Conv/],
    ["resnet50-old", /made by Relu .*expected Gemm, MatMul or a 1x1 Conv/],
  ] as const) {
    it(`findHead() says what it found instead: the backbone of ${name}`, () => {
      const { graph } = normalise(readArchitecture(name));
      const map = graph.nodes.findLast(
        (node) => node.outputs[0]?.shape.length === 4 && /^(HardSwish|Relu)$/.test(node.op),
      );
      const backbone = cut(graph, { outputs: [map?.outputs[0]?.name ?? ""] });
      assert.throws(() => findHead(backbone), { code: "E_NO_HEAD", message: what });
      const [output] = backbone.outputs;
      assert.equal(findHead(backbone, { feature: output?.name ?? "" }).map, output);
    });
  }

  it("findHead() takes the layer that is named, and refuses one that is none", () => {
    const { graph } = normalise(readArchitecture("vgg-old"));
    assert.equal(findHead(graph, { head: "/classifier/classifier.3/Gemm" }).weight, "classifier.3.weight");
    assert.throws(() => findHead(graph, { head: "/features/features.1/Relu" }), {
      code: "E_NO_HEAD",
      message: /is no Gemm/,
    });
  });
});
