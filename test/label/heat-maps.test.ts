import assert from "node:assert/strict";
import { residualCnn } from "../../models/residual-cnn.ts";
import { GRAD_CAM, gradCam } from "../../toolkit/explain/grad-cam.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { evaluationView } from "../../toolkit/images/resample.ts";
import { imagenetNormalisation, toInput } from "../../toolkit/images/to-input.ts";
import { openHeatMaps } from "../../toolkit/label/heat-maps.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { directRuntime, runGraph } from "../support/run-graph.ts";

const SIZE = 28;
const source: SourceModel = {
  model: { graph: residualCnn({ classes: 3, width: 4, seed: 3 }), opsets: new Map([["", 17]]), metadata: new Map() },
  name: "small",
  sha256: "0".repeat(64),
  sizePx: SIZE,
  labels: ["a", "b", "c"],
};
const picture = { width: 50, height: 40, data: Uint8Array.from({ length: 6000 }, (_, at) => (at * at * 7) % 251) };

describe("label/heat-maps", () => {
  it("are Grad-CAM's of the square that the network sees, with 1 at the hottest place", async () => {
    const maps = await openHeatMaps({ source, runtime: directRuntime });
    const graph = gradCam(atPictureSize(source.model.graph, SIZE)).graph;
    const pixels = toInput(evaluationView(picture, SIZE, 32), 1, imagenetNormalisation);
    let found = 0;
    for (const [place, label] of ["a", "b", "c"].entries()) {
      const { heat, rows, columns, seen } = await maps.of(picture, label);
      assert.equal(seen.width, SIZE);
      const answer = await runGraph(
        lower(graph, { provider: "cpu", dims: new Map([["N", 1]]) }),
        new Map([
          ["input", float32([1, 3, SIZE, SIZE], pixels)],
          [GRAD_CAM.chosen, float32([1, 3], new Float32Array(3).fill(1, place, place + 1))],
        ]),
      );
      const plain = answer.get(GRAD_CAM.heat)?.data as Float32Array;
      assert.equal(heat.length, rows * columns);
      const most = Math.max(...plain);
      for (const [i, value] of heat.entries()) assert.ok(Math.abs(value * most - (plain[i] ?? 0)) < 1e-6);
      if (most > 0) {
        assert.equal(Math.max(...heat), 1);
        found++;
      }
    }
    assert.ok(found > 0);
    await maps.close();
  });

  it("refuse a class that the network has not", async () => {
    const maps = await openHeatMaps({ source, runtime: directRuntime });
    await assert.rejects(maps.of(picture, "d"), { code: "E_SETTING", message: /"d"/ });
    await maps.close();
  });
});
