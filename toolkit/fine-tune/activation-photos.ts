import { samplingOf, samplingOrder } from "../data/sampling.ts";
import type { SamplingSettings } from "../data/sampling.ts";
import { readAhead } from "../data/read-ahead.ts";
import type { Targets } from "../data/targets.ts";
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
  settings: Pick<Settings, "batchSize" | "seed"> & SamplingSettings,
  targets?: Targets,
): StagePhotos {
  const { batchSize, seed } = settings;
  const { usable, views } = train;
  const sampling = samplingOf(train.samples, settings);
  const rows = Math.max(1, Math.min(batchSize, usable.length));
  const read = (
    activations: Activations,
    order: readonly number[],
    position: number,
    view: number,
    weights?: readonly number[],
  ): AsyncIterable<TrainBatch> =>
    readAhead(activationBatches(activations, { input, size: rows, order, position, view, targets, weights }));
  const orderOf = (epoch: number): readonly number[] => samplingOrder(usable, sampling, seed, epoch);
  const whole = Math.floor(usable.length / rows) * rows;
  return {
    rows,
    training: (epoch, position, dropPartial) =>
      read(train, orderOf(epoch).slice(0, dropPartial ? whole : undefined), position, epoch % views, sampling.loss),
    validation: () => read(validation, validation.usable, 0, 0),
    sampled: (count) => read(train, samplingOrder(usable, {}, seed, 0).slice(0, Math.max(rows, count)), 0, 0),
    stepsPerEpoch: (dropPartial) => Math.max(1, dropPartial ? whole / rows : Math.ceil(usable.length / rows)),
    dims(graph) {
      const shape = graph.inputs[0]?.shape ?? [];
      const extents = [rows, ...train.shape];
      return new Map(shape.flatMap((dim, i) => (typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [])));
    },
  };
}
