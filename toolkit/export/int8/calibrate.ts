import type { Graph } from "../../graph/ir.ts";
import type { TensorData } from "../../graph/tensor.ts";
import { encodeModel } from "../../onnx/encode.ts";
import { cut } from "../../passes/cut.ts";
import { OPSET } from "../../passes/normalise.ts";
import type { Runtime, Tensors } from "../../runtime/runtime.ts";
import { ChannelMeans } from "./channel-means.ts";
import { Histogram } from "./histogram.ts";
import { planInt8 } from "./plan.ts";
import { leastErrorRange } from "./range.ts";
import type { Range } from "./range.ts";

export interface CalibrateOptions {
  readonly runtime: Runtime;
  readonly threads?: number;
}

/** What pictures made of a graph's values. */
export interface Calibration {
  /** For each value that is written in 8 bits, from where to where they reach. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** For each value that a layer with int8 weights reads, the mean of every channel. */
  readonly means: ReadonlyMap<string, Float64Array>;
}

/**
 * Runs a normalised float32 graph over pictures and looks at every value that `quantise` writes in 8 bits. Memory holds the values of one feed at a
 * time. Yields the number of feeds done.
 * @throws E_MODEL_NONFINITE, E_RUN
 */
export async function* calibrate(
  graph: Graph,
  feeds: AsyncIterable<Tensors> | Iterable<Tensors>,
  { runtime, threads }: CalibrateOptions,
): AsyncGenerator<number, Calibration> {
  const { values, anchors } = planInt8(graph);
  const histograms = new Map([...new Set(values.values())].map((name) => [name, new Histogram(name)]));
  const means = new Map(
    [...anchors.values()].map(({ node }) => [node.inputs[0]?.name ?? "", new ChannelMeans(node.op === "Conv")]),
  );
  const names = [...new Set([...histograms.keys(), ...means.keys()])];
  const fed = new Set(graph.inputs.map((v) => v.name));
  const fetch = names.filter((name) => !fed.has(name));
  const part = cut(graph, { outputs: fetch });
  const model = encodeModel({ graph: part, opsets: new Map([["", OPSET]]), metadata: new Map() });
  const session = await runtime.load(model, threads === undefined ? {} : { threads });
  try {
    let done = 0;
    for await (const feed of feeds) {
      const made = await session.run({ feeds: feed, fetch });
      for (const name of names) {
        const t = (made.get(name) ?? feed.get(name)) as TensorData;
        histograms.get(name)?.add(t.data as Float32Array);
        means.get(name)?.add(t);
      }
      yield ++done;
    }
  } finally {
    await session.release();
  }
  return {
    ranges: new Map([...histograms].map(([name, histogram]) => [name, leastErrorRange(histogram)])),
    means: new Map([...means].map(([name, of]) => [name, of.values()])),
  };
}
