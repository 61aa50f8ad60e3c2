import assert from "node:assert/strict";
import { epochOrder } from "../../toolkit/data/augment.ts";
import { activationPhotos } from "../../toolkit/fine-tune/activation-photos.ts";
import { heldActivations } from "../../toolkit/fine-tune/activations.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";

const SEED = 5;
/** Ten photos in three views of a row of two numbers: the view and the photo. The seventh cannot be read. */
const samples = Array.from({ length: 10 }, (_, i) => ({ path: `${i}`, id: `${i}`, label: i % 3 }));
const rows = (view: number): readonly (Float32Array | undefined)[] =>
  samples.map((_, i) => (i === 7 ? undefined : Float32Array.of(view, i)));
const train = heldActivations(samples, [2, 1], [rows(0), rows(1), rows(2)]);
const validation = heldActivations(samples.slice(0, 3), [2, 1], [rows(9).slice(0, 3)]);
const photos = activationPhotos("cut", train, validation, { batchSize: 4, seed: SEED });

async function read(batches: AsyncIterable<TrainBatch>): Promise<readonly TrainBatch[]> {
  const found: TrainBatch[] = [];
  for await (const batch of batches) found.push(batch);
  return found;
}
const data = ({ inputs }: TrainBatch): readonly number[] => Array.from((inputs.get("cut")?.data ?? []) as Float32Array);

describe("fine-tune/activation-photos", () => {
  it("activationPhotos() reads the view of the epoch, in the order in which the photos would have come", async () => {
    const usable = [0, 1, 2, 3, 4, 5, 6, 8, 9];
    for (const epoch of [0, 1, 2, 3, 4]) {
      const found = await read(photos.training(epoch, 0, false));
      const order = Array.from(epochOrder(9, SEED, epoch), (i) => usable[i] ?? -1);
      assert.deepEqual(
        found.flatMap((batch) => [...batch.indices].filter((i) => i >= 0)),
        order,
      );
      const seen = found.flatMap((batch) => data(batch).slice(0, 2 * batch.count));
      assert.deepEqual(
        seen,
        order.flatMap((i) => [epoch % 3, i]),
      );
      const labels = found.flatMap((batch) => Array.from(batch.labels.slice(0, batch.count)));
      assert.deepEqual(
        labels,
        order.map((i) => i % 3),
      );
    }
  });

  it("activationPhotos() fills the last batch with its own rows at weight 0, or leaves it out", async () => {
    const [, , last] = await read(photos.training(0, 0, false));
    assert.ok(last);
    assert.deepEqual(last.inputs.get("cut")?.shape, [4, 2, 1]);
    assert.deepEqual([...last.weight], [1, 0, 0, 0]);
    const [view = -1, index = -1] = data(last);
    assert.deepEqual(data(last), [view, index, view, index, view, index, view, index]);
    assert.equal((await read(photos.training(0, 0, true))).length, 2);
    assert.deepEqual([photos.stepsPerEpoch(false), photos.stepsPerEpoch(true)], [3, 2]);
  });

  it("activationPhotos() goes on from a position with the same batches", async () => {
    const whole = await read(photos.training(1, 0, false));
    assert.deepEqual(await read(photos.training(1, whole[0]?.position ?? 0, false)), whole.slice(1));
  });

  it("activationPhotos() validates in order on the one view there is, and samples the first one", async () => {
    const [only] = await read(photos.validation());
    assert.ok(only);
    assert.deepEqual(data(only).slice(0, 6), [9, 0, 9, 1, 9, 2]);
    assert.deepEqual([...only.indices], [0, 1, 2, -1]);
    const sampled = await read(photos.sampled(5));
    assert.ok(sampled.flatMap(data).every((value, i) => i % 2 === 1 || value === 0));
  });

  it("activationPhotos() gives the extents of a graph's input their numbers", () => {
    const value = { name: "cut", dtype: "float32", shape: ["N", 2, "H"] } as const;
    const graph = { inputs: [value], outputs: [], constants: new Map(), nodes: [] };
    assert.deepEqual(
      [...photos.dims(graph)],
      [
        ["N", 4],
        ["H", 1],
      ],
    );
  });
});
