import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { normaliseChecked, operatorsOf, random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";

/** A model of one node that reads `x` and makes `y`. */
export function oneNode(
  opset: number,
  shape: readonly (number | string)[],
  node: RawModel["nodes"][number],
  constants: Readonly<Record<string, TensorData>> = {},
): RawModel {
  return { opset, inputs: { x: shape }, constants, nodes: [node], outputs: ["y"] };
}

/** Checks that a model gives the same after `normalise`, and returns its operators there. */
export async function sameAfter(raw: RawModel, tolerance?: number): Promise<readonly string[]> {
  const feeds = new Map(Object.entries(raw.inputs).map(([name, shape], i) => [name, random(shape.map(Number), i + 1)]));
  return operatorsOf(await normaliseChecked(rawModel(raw), feeds, tolerance));
}
