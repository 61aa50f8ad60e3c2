import type { TensorData } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";
import type { TrainBatch } from "../../train/batch.ts";
import { checked } from "../diagnosis.ts";
import type { ModelCheck } from "../diagnosis.ts";

/** Batches whose rows all hold the mean of the batch's rows: what is learnt from them is learnt from labels alone. */
export async function* withoutPictures(batches: AsyncIterable<TrainBatch>): AsyncGenerator<TrainBatch> {
  for await (const batch of batches) {
    yield { ...batch, inputs: new Map([...batch.inputs].map(([name, t]) => [name, meanRows(t, batch.count)])) };
  }
}

/** Training on pictures must get at least this much further down than training without. */
const BETTER = 0.9;

/** Whether the losses of the same steps with and without pictures say that pictures are looked at. */
export function judgeBaseline(losses: readonly number[], blind: readonly number[]): ModelCheck {
  const [seen, unseen] = [losses.at(-1) ?? Number.NaN, blind.at(-1) ?? Number.NaN];
  const facts = { losses: blind, loss: unseen };
  const detail = `with one mean picture in place of each the loss went to ${unseen.toFixed(3)}, with the pictures to ${seen.toFixed(3)}`;
  // one that ended in no number has learnt nothing either
  if (!(seen >= BETTER * unseen)) return checked("baseline", "ok", detail, facts);
  const hint =
    "the pictures make no difference: their values may be all alike once they are normalised, or nothing of them reaches the head";
  return checked("baseline", "failed", detail, { hint, ...facts });
}

function meanRows(t: TensorData, rows: number): TensorData {
  const size = sizeOf(t.shape.slice(1));
  const mean = new Float32Array(size);
  for (let i = 0; i < size; i++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += Number(t.data[row * size + i]);
    mean[i] = sum / rows;
  }
  const data = new Float32Array(t.data.length);
  for (let start = 0; start < data.length; start += size) data.set(mean, start);
  return { ...t, data };
}
