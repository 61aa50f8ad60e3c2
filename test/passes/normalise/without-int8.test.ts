import assert from "node:assert/strict";
import { int8Graph } from "../../../toolkit/export/int8/int8-graph.ts";
import type { Graph, Model, Node, Value } from "../../../toolkit/graph/ir.ts";
import { fillNormal } from "../../../toolkit/graph/random.ts";
import { float32, tensor, toNumbers } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../../toolkit/onnx/encode.ts";
import { readModelFile } from "../../../toolkit/onnx/read-file.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { withoutInt8 } from "../../../toolkit/passes/normalise/without-int8.ts";
import { fixture } from "../../support/fixtures.ts";
import { directRuntime, runGraph } from "../../support/run-graph.ts";

const image = (seed: number): ReadonlyMap<string, TensorData> =>
  new Map([["input", float32([2, 3, 64, 64], fillNormal(2 * 3 * 64 * 64, seed, 1))]]);

function modelOf(graph: Graph, opset = 17): Model {
  return decodeModel(encodeModel({ graph, opsets: new Map([["", opset]]), metadata: new Map() }));
}

/** x -> QuantizeLinear -> DequantizeLinear -> Mul by a weight that is int8 along axis 1 -> y. */
function handwritten(zeroPoint: TensorData): Graph {
  const value = (name: string, t?: TensorData): Value => ({
    name,
    dtype: t?.dtype ?? "float32",
    shape: t?.shape ?? [2, 2],
  });
  const constants = new Map<string, TensorData>([
    ["scale", float32([], [0.5])],
    ["zero", zeroPoint],
    ["w.int8", tensor("int8", [2, 2], Int8Array.of(1, -2, 3, 4))],
    ["w.scale", float32([2], [1, 10])],
    ["w.zero", tensor("int8", [2], Int8Array.of(0, 1))],
  ]);
  const at = (name: string): Value => value(name, constants.get(name));
  const q = { ...value("q"), dtype: zeroPoint.dtype };
  const nodes: Node[] = [
    { op: "QuantizeLinear", inputs: [value("x"), at("scale"), at("zero")], outputs: [q], attrs: {} },
    { op: "DequantizeLinear", inputs: [q, at("scale"), at("zero")], outputs: [value("x8")], attrs: {} },
    {
      op: "DequantizeLinear",
      inputs: [at("w.int8"), at("w.scale"), at("w.zero")],
      outputs: [value("w")],
      attrs: { axis: -1 },
    },
    { op: "Mul", inputs: [value("x8"), value("w")], outputs: [value("y")], attrs: {} },
  ];
  return { inputs: [value("x")], outputs: [value("y")], constants, nodes };
}

describe("passes/normalise/without-int8", () => {
  it("withoutInt8 reads a file in 8 bits as a float32 network that says the same, under the names it had", async () => {
    const single = normalise(await readModelFile(fixture("resnet18-width8/folded.onnx"))).graph;
    const graph8 = await int8Graph(single, [image(1), image(2)], { runtime: directRuntime });
    const { graph } = normalise(modelOf(graph8));
    for (const [name, t] of single.constants) assert.deepEqual(graph.constants.get(name)?.shape, t.shape, name);
    const y = (g: Graph): Promise<number[]> =>
      runGraph(g, image(3)).then((out) => toNumbers(out.get("output") as TensorData));
    const [whole, rounded, back] = [await y(single), await y(graph8), await y(graph)];
    const distance = (a: readonly number[], b: readonly number[]): number =>
      Math.hypot(...a.map((v, i) => v - (b[i] ?? 0)));
    assert.ok(distance(back, whole) < distance(rounded, whole), "weights alone are rounded");
    assert.ok(distance(back, rounded) < 0.05 * Math.hypot(...whole));
  });

  it("multiplies constants out along their axis and cuts values off where their integers end", () => {
    const { graph } = normalise(modelOf(handwritten(tensor("uint8", [], Uint8Array.of(0)))));
    assert.deepEqual(toNumbers(graph.constants.get("w") as TensorData), [1, -30, 3, 30]);
    const [clip] = graph.nodes;
    assert.equal(clip?.op, "Clip");
    const ends = clip?.inputs.slice(1).map((v) => toNumbers(graph.constants.get(v?.name ?? "") as TensorData)[0]);
    // uint8 around 0 in steps of 0.5: this is where a quantiser leaves the ReLU out
    assert.deepEqual(ends, [0, 127.5]);
  });

  it("knows how far signed and 16-bit integers reach", () => {
    const ends = (zero: TensorData): unknown[] => {
      const { graph } = withoutInt8(modelOf(handwritten(zero)));
      const clip = graph.nodes.find((n) => n.op === "Clip");
      return clip?.inputs.slice(1).map((v) => graph.constants.get(v?.name ?? "")?.data[0]) ?? [];
    };
    assert.deepEqual(ends(tensor("int8", [], Int8Array.of(-28))), [-50, 77.5]);
    assert.deepEqual(ends(tensor("uint16", [], Uint16Array.of(0))), [0, 32_767.5]);
  });

  it("leaves integers alone that somebody else reads", () => {
    const graph = handwritten(tensor("uint8", [], Uint8Array.of(0)));
    const q: Value = { name: "q", dtype: "uint8", shape: [2, 2] };
    const kept = withoutInt8(modelOf({ ...graph, outputs: [...graph.outputs, q] }));
    assert.deepEqual(
      kept.graph.nodes.map((n) => n.op),
      ["QuantizeLinear", "Clip", "Mul"],
    );
    assert.throws(() => normalise(kept), { code: "E_MODEL_OP" });
  });

  it("is the model itself where there are none", async () => {
    const model = await readModelFile(fixture("resnet18-width8/folded.onnx"));
    assert.equal(withoutInt8(model), model);
  });
});
