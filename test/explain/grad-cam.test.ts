import assert from "node:assert/strict";
import { architectures } from "../../models/architectures.ts";
import { GRAD_CAM, gradCam } from "../../toolkit/explain/grad-cam.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { float32, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { loadGraph, runGraph } from "../support/run-graph.ts";

const PHOTOS = 2;
const CLASSES = 3;
const dims = new Map([["N", PHOTOS]]);

function network(name: string, sizePx: number): Graph {
  const architecture = architectures.find((a) => a.name === name);
  assert.ok(architecture);
  return atPictureSize(architecture.build({ classes: CLASSES, sizePx, seed: 4 }), sizePx);
}

function picturesFor(graph: Graph): ReadonlyMap<string, TensorData> {
  const [input] = graph.inputs;
  const shape = (input?.shape ?? []).map((dim) => dims.get(String(dim)) ?? Number(dim));
  return new Map([[input?.name ?? "", float32(shape, fillNormal(sizeOf(shape), 9, 1))]]);
}

/** Of the first photo the second class, of the second the first. */
const chosen = float32([PHOTOS, CLASSES], Float32Array.of(0, 1, 0, 1, 0, 0));

const numbers = (t: TensorData | undefined): Float32Array => (t?.data ?? new Float32Array()) as Float32Array;

describe("explain/grad-cam", () => {
  for (const name of ["small-cnn", "residual-cnn", "convnet-bn"]) {
    it(`weighs the channels of ${name} as a shift of each moves the class's logit`, async () => {
      const graph = network(name, 32);
      const feeds = picturesFor(graph);
      const { graph: explained, layer, size } = gradCam(graph);
      const answers = await runGraph(
        lower(explained, { provider: "cpu", dims }),
        new Map([...feeds, [GRAD_CAM.chosen, chosen]]),
      );
      const heat = numbers(answers.get(GRAD_CAM.heat));
      assert.deepEqual(answers.get(GRAD_CAM.heat)?.shape, [PHOTOS, ...size]);

      const [logits] = graph.outputs;
      const before = lower(cut(graph, { outputs: [layer] }), { provider: "cpu", dims });
      const behind = lower(cut(graph, { inputs: [layer], outputs: [logits?.name ?? ""] }), { provider: "cpu", dims });
      const map = (await runGraph(before, feeds)).get(layer);
      assert.ok(map);
      const expected = await heatByShifts(behind, layer, map);
      const largest = Math.max(...expected);
      assert.ok(largest > 0, "a picture without heat shows nothing");
      for (const [i, e] of expected.entries())
        assert.ok(Math.abs((heat[i] ?? 0) - e) < 2e-2 * largest, `${i}: ${heat[i]} ${e}`);
    });
  }

  it("looks at the last map, and at a layer that is named", () => {
    const graph = network("residual-cnn", 32);
    assert.deepEqual(gradCam(graph).size, [8, 8]);
    const first = graph.nodes.find((node) => node.op === "Relu")?.outputs[0];
    assert.deepEqual(gradCam(graph, first?.name).size, [32, 32]);
  });

  it("refuses networks and layers without a map", () => {
    const dense = network("mlp", 28);
    assert.throws(() => gradCam(dense), { code: "E_NO_VALUE", message: /the network has no map/ });
    const cnn = network("small-cnn", 32);
    assert.throws(() => gradCam(cnn, cnn.outputs[0]?.name), { code: "E_NO_VALUE", message: /is no map/ });
  });
});

/** The definition with central differences: a_k is what a shift of the whole of channel k adds to the logit, per place. */
async function heatByShifts(behind: Graph, layer: string, map: TensorData): Promise<Float32Array> {
  const [, channels = 0, rows = 0, columns = 0] = map.shape;
  const places = rows * columns;
  const values = numbers(map);
  const heat = new Float32Array(PHOTOS * places);
  const epsilon = 1e-3;
  const loaded = await loadGraph(behind);
  const logitsOf = async (k: number, shift: number): Promise<Float32Array> => {
    const data = values.slice();
    for (let n = 0; n < PHOTOS; n++) {
      const start = (n * channels + k) * places;
      for (let i = start; i < start + places; i++) data[i] = (data[i] ?? 0) + shift;
    }
    const [answer] = (await loaded(new Map([[layer, float32(map.shape, data)]]))).values();
    return numbers(answer);
  };
  for (let k = 0; k < channels; k++) {
    const [up, down] = [await logitsOf(k, epsilon), await logitsOf(k, -epsilon)];
    for (let n = 0; n < PHOTOS; n++) {
      const at =
        n * CLASSES +
        numbers(chosen)
          .subarray(n * CLASSES)
          .indexOf(1);
      const share = ((up[at] ?? 0) - (down[at] ?? 0)) / (2 * epsilon * places);
      for (let i = 0; i < places; i++) {
        heat[n * places + i] = (heat[n * places + i] ?? 0) + share * (values[(n * channels + k) * places + i] ?? 0);
      }
    }
  }
  await loaded.release();
  return heat.map((v) => Math.max(0, v));
}
