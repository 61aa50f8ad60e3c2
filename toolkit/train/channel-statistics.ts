import { GraphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/ir.ts";
import { valueNamed } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Session } from "../runtime/runtime.ts";
import type { TrainBatch } from "./batch.ts";

/** Mean and biased variance of each channel of one value, over photos and positions. */
export interface ChannelStatistics {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
}

const MEAN = ":channel-mean";
const VARIANCE = ":channel-variance";

/** `graph` with two outputs [C] per value [N,C,H,W]: its channels' mean, and variance around that mean, over N, H and W. */
export function withChannelStatistics(graph: Graph, values: readonly string[], operators: Operators): Graph {
  const b = new GraphBuilder(operators, graph);
  const outputs = values.flatMap((name) => {
    const x = valueNamed(graph, name);
    const axes = [0, 2, 3];
    const mean = b.op("ReduceMean", [x], { axes, keepdims: 1 });
    const centred = b.op("Sub", [x, mean]);
    const variance = b.op("ReduceMean", [b.op("Mul", [centred, centred])], { axes, keepdims: 0 });
    return [
      b.op("Squeeze", [mean, b.ints(axes)], {}, { outputs: [name + MEAN] }),
      b.op("Identity", [variance], {}, { outputs: [name + VARIANCE] }),
    ];
  });
  return b.build(outputs);
}

/**
 * Runs the graph of `withChannelStatistics` over whole batches and joins their statistics
 * (Chan, Golub and LeVeque 1979: the variance of a union from those of its parts). Partial batches are left out.
 */
export async function measureChannels(
  session: Session,
  values: readonly string[],
  batches: AsyncIterable<TrainBatch>,
): Promise<ReadonlyMap<string, ChannelStatistics>> {
  const means = new Map<string, Float64Array[]>();
  const variances = new Map<string, Float64Array[]>();
  for await (const batch of batches) {
    if (batch.count < batch.labels.length) continue;
    const out = await session.run({
      feeds: batch.inputs,
      fetch: values.flatMap((name) => [name + MEAN, name + VARIANCE]),
    });
    for (const name of values) {
      append(means, name, out.get(name + MEAN));
      append(variances, name, out.get(name + VARIANCE));
    }
  }
  return new Map(values.map((name) => [name, join(means.get(name) ?? [], variances.get(name) ?? [])]));
}

function append(into: Map<string, Float64Array[]>, name: string, t: TensorData | undefined): void {
  const row = Float64Array.from((t?.data ?? []) as Float32Array);
  const rows = into.get(name);
  if (rows) rows.push(row);
  else into.set(name, [row]);
}

/** All batches have one size, so the union's mean is the mean of means, and its variance theirs plus the spread of the means. */
function join(means: readonly Float64Array[], variances: readonly Float64Array[]): ChannelStatistics {
  const channels = means[0]?.length ?? 0;
  const mean = new Float32Array(channels);
  const variance = new Float32Array(channels);
  for (let c = 0; c < channels; c++) {
    const m = average(means, c, (v) => v);
    mean[c] = m;
    variance[c] = average(variances, c, (v) => v) + average(means, c, (v) => (v - m) ** 2);
  }
  return { mean, variance };
}

function average(rows: readonly Float64Array[], channel: number, of: (value: number) => number): number {
  return rows.reduce((sum, row) => sum + of(row[channel] ?? 0), 0) / rows.length;
}
