import type { Graph } from "../graph/ir.ts";
import { sizeOf } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { TrainBatch } from "../train/batch.ts";
import type { Photos } from "./photos.ts";

/** The first rows of a batch; all that are samples where `rows` is larger. */
export function firstRows(batch: TrainBatch, rows: number): TrainBatch {
  const count = Math.min(rows, batch.count);
  const cutRows = (t: TensorData): TensorData => ({
    ...t,
    shape: [count, ...t.shape.slice(1)],
    data: t.data.slice(0, count * sizeOf(t.shape.slice(1))),
  });
  return {
    inputs: new Map([...batch.inputs].map(([name, t]) => [name, cutRows(t)])),
    labels: batch.labels.slice(0, count),
    ...(batch.targets ? { targets: batch.targets.slice(0, (count * batch.targets.length) / batch.labels.length) } : {}),
    weight: batch.weight.slice(0, count),
    count,
    indices: batch.indices.slice(0, count),
    position: count,
  };
}

/** Photos that are one batch, over and over: what a network must be able to learn by heart. */
export function oneBatch(batch: TrainBatch, steps: number): Photos {
  // eslint-disable-next-line typescript/require-await -- the interface reads files elsewhere
  async function* repeated(times: number): AsyncGenerator<TrainBatch> {
    for (let i = 0; i < times; i++) yield { ...batch, position: i + 1 };
  }
  return {
    rows: batch.count,
    training: (_epoch, position) => repeated(steps - position),
    validation: () => repeated(1),
    evaluation: () => repeated(1),
    sampled: () => repeated(1),
    stepsPerEpoch: () => steps,
    dims(graph: Graph) {
      const [input] = graph.inputs;
      const extents = input ? (batch.inputs.get(input.name)?.shape ?? []) : [];
      const named = (input?.shape ?? []).flatMap((dim, i) =>
        typeof dim === "string" ? [[dim, extents[i] ?? 1] as const] : [],
      );
      return new Map(named);
    },
  };
}
