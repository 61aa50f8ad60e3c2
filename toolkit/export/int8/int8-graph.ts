import type { Graph } from "../../graph/ir.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { calibrate } from "./calibrate.ts";
import type { CalibrateOptions } from "./calibrate.ts";
import { quantise } from "./quantise.ts";
import type { QuantiseOptions } from "./quantise.ts";

/**
 * A normalised float32 graph in 8 bits, calibrated on the feeds that are given.
 * @throws E_MODEL_NONFINITE, E_RUN
 */
export async function int8Graph(
  graph: Graph,
  feeds: AsyncIterable<Tensors> | Iterable<Tensors>,
  options: CalibrateOptions & QuantiseOptions,
): Promise<Graph> {
  const calibration = calibrate(graph, feeds, options);
  let item = await calibration.next();
  while (!item.done) item = await calibration.next();
  return quantise(graph, item.value, options);
}
