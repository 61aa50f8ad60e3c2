import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import type { Graph, Node, Value } from "../../toolkit/graph/ir.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { softmaxCrossEntropy } from "../../toolkit/losses/softmax-cross-entropy.ts";
import { imagenetNormalisation } from "../../toolkit/images/to-input.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { adamw } from "../../toolkit/optimizers/adam.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { batchNormAsWeights } from "../../toolkit/passes/batch-norm-as-weights.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { foldBatchNorm } from "../../toolkit/passes/fold-batch-norm.ts";
import { foldConstants } from "../../toolkit/passes/fold-constants.ts";
import { halfCompute } from "../../toolkit/passes/half-compute.ts";
import { inferTypes } from "../../toolkit/passes/infer-types.ts";
import { mergeTeacher } from "../../toolkit/passes/merge-teacher.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { pipeline } from "../../toolkit/passes/pipeline.ts";
import { pixelInput } from "../../toolkit/passes/pixel-input.ts";
import { prune } from "../../toolkit/passes/prune.ts";
import { reinitialise } from "../../toolkit/passes/reinitialise.ts";
import { replaceHead } from "../../toolkit/passes/replace-head.ts";
import { restorable, restoreBatchNorm } from "../../toolkit/passes/restore-batch-norm.ts";
import { trainingDropout } from "../../toolkit/passes/training-dropout.ts";
import { buildStep } from "../../toolkit/train/step.ts";
import { random } from "../passes/raw-model.ts";
import { conv3, norm, smallGraph } from "../passes/small-graph.ts";
import { root } from "../support/fixtures.ts";
import { loadGraph } from "../support/run-graph.ts";

/** Each pass by its file. */
const passes: Readonly<Record<string, (graph: Graph) => Graph>> = {
  "at-picture-size": (graph) => atPictureSize(graph, 32),
  "batch-norm-as-weights": batchNormAsWeights,
  "batch-norm-training": (graph) => batchNormTraining(graph).graph,
  cut: (graph) => cut(graph, { outputs: graph.outputs.map((v) => v.name) }),
  "fold-batch-norm": foldBatchNorm,
  "fold-constants": (graph) => foldConstants(graph),
  "half-compute": (graph) => halfCompute(graph, operators),
  "infer-types": (graph) => inferTypes(graph),
  "merge-teacher": (graph) => mergeTeacher(graph, foldBatchNorm(graph), { logits: "logits" }).graph,
  normalise: (graph) => normalise({ graph, opsets: new Map([["", 17]]), metadata: new Map() }).graph,
  "pixel-input": (graph) => pixelInput(graph, imagenetNormalisation, operators),
  pipeline: pipeline(foldBatchNorm, prune),
  prune,
  reinitialise: (graph) => reinitialise(graph, 3),
  "replace-head": (graph) => replaceHead(graph, { classes: 4, seed: 1, hidden: 6, dropout: 0.5 }),
  "restore-batch-norm": (graph) => restored(foldBatchNorm(graph)),
  "training-dropout": (graph) => trainingDropout(replaceHead(graph, { classes: 4, seed: 1, dropout: 0.5 })).graph,
};

const POOL = { kernel_shape: [2, 2], strides: [2, 2] };

/** Files of toolkit/passes that only look at a graph. */
const readers = new Set(
  "choose-cut conv-batch-norm find-cuts find-head parameters precision-of stage-cuts unit-axes".split(" "),
);

function restored(graph: Graph): Graph {
  const statistics = restorable(graph).map((v) => {
    const channels = Number(v.shape[1]);
    return [v.name, { mean: new Float32Array(channels), variance: new Float32Array(channels).fill(1) }] as const;
  });
  return restoreBatchNorm(graph, new Map(statistics));
}

/** A stem, a residual block of BatchNorm layers and a head. */
const network: Graph = smallGraph(["N", 3, "H", "W"], (b, x) => {
  const stem = b.op("Relu", [norm(b, conv3(b, x, "stem", 6), "stem.norm")]);
  const first = b.op("Relu", [norm(b, conv3(b, b.op("MaxPool", [stem], POOL), "first", 6), "first.norm")]);
  const second = norm(b, conv3(b, first, "second", 6), "second.norm");
  const block = b.op("Relu", [b.op("Add", [second, b.op("MaxPool", [stem], POOL)])]);
  const features = b.op("Flatten", [b.op("GlobalAveragePool", [block])]);
  const weights = [b.constant(random([3, 6], 5), "fc.weight"), b.constant(random([3], 6), "fc.bias")];
  return [b.op("Gemm", [features, ...weights], { transB: 1 }, { outputs: ["logits"] })];
});

const value = (name: string): Value => ({ name, dtype: "float32", shape: [2] });
const relu = (from: string, to: string): Node => ({
  op: "Relu",
  inputs: [value(from)],
  outputs: [value(to)],
  attrs: {},
});

describe("graph/check", () => {
  const graph = (nodes: readonly Node[], output = "y"): Graph => ({
    inputs: [value("x")],
    outputs: [value(output)],
    constants: new Map(),
    nodes,
  });

  it("checkGraph() lets a graph through that is sound", () => {
    const sound = graph([relu("x", "a"), relu("a", "y")]);
    assert.equal(checkGraph(sound), sound);
  });

  it("checkGraph() refuses a name that is read before it is made, made twice, or given out and never made", () => {
    const refused = (g: Graph, message: RegExp) => assert.throws(() => checkGraph(g), { code: "E_GRAPH", message });
    refused(graph([relu("a", "y"), relu("x", "a")]), /Relu .* reads "a" before it is defined/);
    refused(graph([relu("x", "y"), relu("x", "y")]), /"y" is defined twice/);
    refused(graph([relu("y", "x"), relu("x", "y")]), /reads "y" before/);
    refused(graph([relu("x", "y")], "z"), /nothing makes its output "z"/);
  });
});

describe("what passes, differentiation and lowering make", () => {
  const dims = new Map([
    ["N", 2],
    ["H", 32],
    ["W", 32],
  ]);

  it("has every pass in this test", () => {
    const files = readdirSync(join(root, "toolkit/passes"), { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
      .map((entry) => basename(entry.name, ".ts"));
    assert.deepEqual(files.filter((name) => !readers.has(name)).sort(), Object.keys(passes).sort());
  });

  for (const [name, pass] of Object.entries(passes)) {
    it(`${name}: the graph, its training step and the lowered step are sound, and ONNX Runtime loads them`, async () => {
      const made = checkGraph(pass(network));
      const parameters = parametersOf(made).filter((parameter) => !parameter.startsWith("teacher."));
      const logits = made.outputs[0]?.name ?? "";
      const settings = { logits, loss: softmaxCrossEntropy(), optimizer: adamw() };
      const step = buildStep(made, { ...settings, parameters }, operators);
      checkGraph(step.graph);
      for (const provider of ["cpu", "webgpu"] as const) {
        for (const whole of [made, step.graph]) {
          const lowered = checkGraph(lower(whole, { provider, dims }));
          assert.ok(!lowered.nodes.some((node) => node.domain === "onnx-graft"));
          await (await loadGraph(lowered)).release();
        }
      }
    });
  }

  it("a builder's graph that nothing reads in full is sound as well", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 4]);
    const [first] = b.ops("Split", [x], { axis: 1 }, { outputCount: 2 });
    assert.ok(first);
    assert.equal(checkGraph(b.build([first])).nodes.length, 1);
  });
});
