import assert from "node:assert/strict";
import * as ort from "onnxruntime-node";
import { constantValue } from "../../toolkit/graph/ir.ts";
import type { Graph, Model, Node, Value } from "../../toolkit/graph/ir.ts";
import { float32, int64 } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { onnx } from "../../toolkit/onnx/schema.js";

const x: Value = { name: "x", dtype: "float32", shape: ["N", 2] };
const y: Value = { ...x, name: "y" };
const h: Value = { ...x, name: "h" };
const grown: Value = { ...x, name: "grown" };

/** The body of a Loop that carries `h` on as `grown`. */
function loopBody(nodes: readonly Node[]): Graph {
  const index: Value = { name: "index", dtype: "int64", shape: [] };
  const going: Value = { name: "going", dtype: "bool", shape: [] };
  const on: Value = { ...going, name: "on" };
  const goingOn: Node = { op: "Identity", inputs: [going], outputs: [on], attrs: {} };
  return { inputs: [index, going, h], outputs: [on, grown], constants: new Map(), nodes: [goingOn, ...nodes] };
}

/** Carries `x` three times through a body. */
function loopOf(body: Graph): Model {
  const constants = new Map<string, TensorData>([
    ["count", { ...int64([3]), shape: [] }],
    ["always", { dtype: "bool", shape: [], data: Uint8Array.of(1) }],
  ]);
  const inputs = [...Array.from(constants, ([name, t]) => constantValue(name, t)), x];
  const nodes: Node[] = [{ op: "Loop", inputs, outputs: [y], attrs: { body: { graph: body } } }];
  return { graph: { inputs: [x], outputs: [y], constants, nodes }, opsets: new Map([["", 17]]), metadata: new Map() };
}

/** What the loop makes of [1, 2]. */
async function run(bytes: Uint8Array): Promise<readonly number[]> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    const result = await session.run({ x: new ort.Tensor("float32", [1, 2], [1, 2]) });
    return Array.from(result["y"]?.data as Float32Array);
  } finally {
    await session.release();
  }
}

describe("onnx/encode, graphs in attributes", () => {
  it("encodeModel() writes the body of a Loop, with its constants, as ONNX Runtime computes it", async () => {
    const body = loopBody([{ op: "Mul", inputs: [h, { ...x, name: "w" }], outputs: [grown], attrs: {} }]);
    const bytes = encodeModel(loopOf({ ...body, constants: new Map([["w", float32([2], [2, 3])]]) }));
    assert.deepEqual(await run(bytes), [8, 54]);
  });

  it("encodeModel() lets the body of a Loop read what stands around it", async () => {
    const body = loopBody([{ op: "Add", inputs: [h, x], outputs: [grown], attrs: {} }]);
    assert.deepEqual(await run(encodeModel(loopOf(body))), [4, 8]);
  });

  it("encodeModel() declares the domains of a Loop's body, and refuses a gradient operator there", () => {
    const inner = (domain: string): Model =>
      loopOf(loopBody([{ op: "Gelu", domain, inputs: [h], outputs: [grown], attrs: {} }]));
    const opsets = onnx.ModelProto.decode(encodeModel(inner("com.microsoft"))).opset_import ?? [];
    assert.deepEqual(
      opsets.map(({ domain }) => domain),
      ["", "com.microsoft"],
    );
    assert.throws(() => encodeModel(inner("onnx-graft")), { code: "E_NOT_LOWERED", message: /onnx-graft\.Gelu/ });
  });
});
