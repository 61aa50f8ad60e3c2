import assert from "node:assert/strict";
import { int8Graph } from "../../../toolkit/export/int8/int8-graph.ts";
import { planInt8 } from "../../../toolkit/export/int8/plan.ts";
import { fillNormal } from "../../../toolkit/graph/random.ts";
import { float32, sizeOf, toNumbers } from "../../../toolkit/graph/tensor.ts";
import { readModelFile } from "../../../toolkit/onnx/read-file.ts";
import { foldBatchNorm } from "../../../toolkit/passes/fold-batch-norm.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import type { Tensors } from "../../../toolkit/runtime/runtime.ts";
import { fixture } from "../../support/fixtures.ts";
import { fusedOperators } from "../../support/fused-operators.ts";
import { directRuntime, runGraph } from "../../support/run-graph.ts";

/** What ONNX Runtime makes of a layer with int8 weights. */
const INTEGER_LAYERS = ["QLinearConv", "QGemm", "MatMulIntegerToFloat", "QLinearMatMul"];

const networks = [
  "alexnet",
  "convnext",
  "densenet",
  "efficientnet",
  "inception",
  "mobilenet-v2",
  "mobilenet-v3",
  "regnet",
  "resnet50",
  "resnext",
  "shufflenet-v2",
  "squeezenet",
  "vgg",
  "vgg-bn",
  "vit",
];

describe("export/int8 on architectures", () => {
  for (const name of networks) {
    it(`${name}: every layer runs in integers, and says nearly what it said`, async () => {
      const { graph } = normalise(await readModelFile(fixture(`architectures/${name}-new.onnx`)));
      const folded = foldBatchNorm(graph);
      const [input] = folded.inputs;
      const shape = (input?.shape ?? []).map((dim) => (typeof dim === "number" ? dim : dim === "N" ? 2 : 64));
      const feed = (seed: number): Tensors =>
        new Map([[input?.name ?? "", float32(shape, fillNormal(sizeOf(shape), seed, 1))]]);
      const integers = await int8Graph(folded, [1, 2, 3, 4].map(feed), { runtime: directRuntime });

      const counts = await fusedOperators(integers);
      const layers = INTEGER_LAYERS.reduce((sum, op) => sum + (counts[op] ?? 0), 0);
      assert.deepEqual([layers, counts["Conv"], counts["Gemm"]], [planInt8(folded).anchors.size, undefined, undefined]);

      const answer = async (g: typeof graph): Promise<number[]> => {
        const t = (await runGraph(g, feed(9))).get(graph.outputs[0]?.name ?? "");
        assert.ok(t);
        return toNumbers(t);
      };
      const [before, after] = [await answer(folded), await answer(integers)];
      const off = Math.hypot(...before.map((v, i) => v - (after[i] ?? 0))) / Math.hypot(...before);
      assert.ok(off > 0 && off < 0.15, `${off}`);
    });
  }
});
