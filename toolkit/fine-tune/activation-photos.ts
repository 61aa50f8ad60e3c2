import { epochOrder } from "../data/augment.ts";
import { readAhead } from "../data/read-ahead.ts";
import type { TrainBatch } from "../train/batch.ts";
import { activationBatches } from "./activation-batches.ts";
import type { Activations } from "./activations.ts";
import type { StagePhotos } from "./network-stage.ts";
import type { Settings } from "./settings.ts";

/** What a frozen part has made of the photos, as batches for the part behind it, whose input is called `input`: epoch e reads view e mod the number of views. */
export function activationPhotos(
  input: string,
  train: Activations,
  validation: Activations,
  { batchSize, seed }: Pick<Settings, "batchSize" | "seed">,
): StagePhotos {
  const { usable, views } = train;
  const rows = Math.max(1, Math.min(batchSize, usable.length));
  const read = (
    activations: Activations,
    order: readonly number[],
    position: number,
    view: number,
  ): AsyncIterable<TrainBatch> =>
    readAhead(activationBatches(activations, { input, size: rows, order, position, view }));
  const orderOf = (epoch: number): readonly number[] =>
    Array.from(epochOrder(usable.length, seed, epoch), (i) => usable[i] ?? 0);
  const whole = Math.floor(usable.length / rows) * rows;
  return {
    rows,
    training: (epoch, position, dropPartial) =>
      read(train, orderOf(epoch).slice(0, dropPartial ? whole : undefined), position, epoch % views),
    validation: () => read(validation, validation.usable, 0, 0),
    sampled: (count) => read(train, orderOf(0).slice(0, Math.max(rows, count)), 0, 0),
    stepsPerEpoch: (dropPartial) => Math.max(1, dropPartial ? whole / rows : Math.ceil(usable.length / rows)),
    dims(graph) {
      const shape = graph.inputs[0]?.shape ?? [];
      const extents = [rows, ...train.shape];
      return new Map(shape.flatMap((dim, i) => (typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [])));
    },
  };
}
