import assert from "node:assert/strict";
import * as ort from "onnxruntime-node";
import { UNKNOWN_TYPE } from "../../toolkit/graph/ir.ts";
import type { Attributes, Graph, Model, Value } from "../../toolkit/graph/ir.ts";
import { fillNormal } from "../../toolkit/graph/random.ts";
import { sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { runGraph } from "../support/run-graph.ts";

export type Tensors = ReadonlyMap<string, TensorData>;

export interface RawModel {
  readonly opset: number;
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>;
  readonly constants?: Readonly<Record<string, TensorData>>;
  /** Operator, names of inputs ("" for an omitted one), names of outputs, attributes, name. */
  readonly nodes: readonly (readonly [string, readonly string[], readonly string[], Attributes?, string?])[];
  readonly outputs: readonly string[];
}

const value = (name: string): Value => ({ name, ...UNKNOWN_TYPE });

/** A model as a file has it: no types but those of the inputs. */
export function rawModel({ opset, inputs, constants = {}, nodes, outputs }: RawModel): Model {
  const graph: Graph = {
    inputs: Object.entries(inputs).map(([name, shape]) => ({ name, dtype: "float32", shape })),
    outputs: outputs.map(value),
    constants: new Map(Object.entries(constants)),
    nodes: nodes.map(([op, ins, outs, attrs = {}, name]) => ({
      op,
      ...(name === undefined ? {} : { name }),
      inputs: ins.map((v) => (v === "" ? undefined : value(v))),
      outputs: outs.map(value),
      attrs,
    })),
  };
  return { graph, opsets: new Map([["", opset]]), metadata: new Map() };
}

/** A float32 tensor of normal numbers, the same at every run. */
export function random(shape: readonly number[], seed = 1, mean = 0): TensorData {
  return { dtype: "float32", shape, data: fillNormal(sizeOf(shape), seed, 0, mean) };
}

/** Runs a model of any opset as it stands. */
export async function runModel(bytes: Uint8Array, feeds: Tensors): Promise<Tensors> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 4, intraOpNumThreads: 1 });
  const tensors = Array.from(feeds, ([name, t]) => [
    name,
    new ort.Tensor(t.dtype as "float32", t.data as Float32Array, t.shape),
  ]);
  const results = await session.run(Object.fromEntries(tensors) as Record<string, ort.Tensor>);
  await session.release();
  return new Map(
    Object.entries(results).map(([name, t]) => [
      name,
      { dtype: t.type as "float32", shape: t.dims, data: t.data as Float32Array },
    ]),
  );
}

/** The largest difference of two tensors, which must have one shape. */
export function difference(a: TensorData | undefined, b: TensorData | undefined): number {
  assert.ok(a && b);
  assert.deepEqual([...a.shape], [...b.shape]);
  const other = toNumbers(b);
  return toNumbers(a).reduce((largest, v, i) => Math.max(largest, Math.abs(v - (other[i] ?? Number.NaN))), 0);
}

/** Normalises a model and checks that it gives what the file gave; returns the normalised graph. */
export async function normaliseChecked(model: Model, feeds: Tensors, tolerance = 1e-5): Promise<Graph> {
  const { graph, opsets } = normalise(model);
  assert.equal(opsets.get(""), 17);
  const before = await runModel(encodeModel(model), feeds);
  const after = await runGraph(graph, feeds);
  assert.deepEqual([...after.keys()], [...before.keys()]);
  for (const [name, t] of before) assert.ok(difference(t, after.get(name)) <= tolerance, `${name} changed`);
  return graph;
}

/** The operators of a graph, in order. */
export function operatorsOf(graph: Graph): readonly string[] {
  return graph.nodes.map((node) => node.op);
}
