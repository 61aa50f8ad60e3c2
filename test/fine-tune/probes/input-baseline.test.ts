import assert from "node:assert/strict";
import { judgeBaseline, withoutPictures } from "../../../toolkit/fine-tune/probes/input-baseline.ts";
import { float32 } from "../../../toolkit/graph/tensor.ts";
import type { TrainBatch } from "../../../toolkit/train/batch.ts";

describe("fine-tune/probes/input-baseline", () => {
  it("withoutPictures() puts the mean of the samples into every row, and leaves the labels", async () => {
    const batch: TrainBatch = {
      inputs: new Map([["x", float32([3, 2], Float32Array.of(1, 2, 3, 6, 99, 99))]]),
      labels: Int32Array.of(0, 1, 0),
      weight: Float32Array.of(1, 1, 0),
      count: 2,
      indices: Int32Array.of(0, 1, -1),
      position: 2,
    };
    // eslint-disable-next-line typescript/require-await -- batches are read from files elsewhere
    const one = async function* (): AsyncGenerator<TrainBatch> {
      yield batch;
    };
    for await (const seen of withoutPictures(one())) {
      assert.deepEqual([...(seen.inputs.get("x")?.data ?? [])], [2, 4, 2, 4, 2, 4]);
      assert.equal(seen.labels, batch.labels);
    }
  });

  it("judgeBaseline() fails where pictures make no difference", () => {
    assert.equal(judgeBaseline([1.1, 0.1], [1.1, 1.09]).status, "ok");
    assert.equal(judgeBaseline([1.1, 0.1], [1.1, Number.NaN]).status, "ok");
    assert.equal(judgeBaseline([1.1, 0.5], [1.1, 0.52]).status, "failed");
  });
});
