import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as ort from "onnxruntime-node";
import type { Attribute, Graph, Model, Node, Value } from "../../toolkit/graph/ir.ts";
import { constantValue, UNKNOWN_TYPE } from "../../toolkit/graph/ir.ts";
import {
  bytesPerElement,
  type DType,
  float32,
  fromBytes,
  sizeOf,
  type TensorData,
} from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { onnx } from "../../toolkit/onnx/schema.js";
import { fixture, itShared } from "../support/fixtures.ts";

const x: Value = { name: "x", dtype: "float32", shape: ["N", 2] };
const y: Value = { name: "y", dtype: "float32", shape: ["N", 2] };

function model(graph: Partial<Graph> = {}, opset = 17): Model {
  const nodes: Node[] = [{ op: "Relu", inputs: [x], outputs: [y], attrs: {} }];
  return {
    graph: { inputs: [x], outputs: [y], constants: new Map(), nodes, ...graph },
    opsets: new Map([["", opset]]),
    metadata: new Map(),
  };
}

/** A graph in which values in between have no types, as a file has none for them. */
function untyped(graph: Graph): Graph {
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const types = new Map<string, Value>();
  const value = (v: Value): Value => {
    if (!types.has(v.name)) types.set(v.name, outputs.has(v.name) ? v : { name: v.name, ...UNKNOWN_TYPE });
    return types.get(v.name)!;
  };
  const given = new Set([...graph.constants.keys(), ...graph.inputs.map((v) => v.name)]);
  const nodes = graph.nodes.map((n) => {
    const made = n.outputs.map(value);
    return Object.assign(
      { ...n },
      { inputs: n.inputs.map((v) => (v && !given.has(v.name) ? value(v) : v)), outputs: made },
    );
  });
  return { ...graph, nodes };
}

function initializers(file: Uint8Array): unknown {
  const list = onnx.ModelProto.decode(file).graph?.initializer ?? [];
  return list.map((t) => [t.name, t.dims?.map(Number), t.data_type, Buffer.from(t.raw_data ?? [])]);
}

async function run(bytes: Uint8Array, feeds: Record<string, ort.Tensor>): Promise<Record<string, ort.Tensor>> {
  const session = await ort.InferenceSession.create(bytes, { intraOpNumThreads: 1, logSeverityLevel: 3 });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

describe("onnx/encode", () => {
  it("encodeModel() writes what decodeModel() reads, for every golden file", () => {
    const folder = fixture("goldens/operators");
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".onnx"))) {
      const decoded = decodeModel(readFileSync(join(folder, name)));
      const again = decodeModel(encodeModel(decoded));
      assert.deepEqual(again, { ...decoded, graph: untyped(decoded.graph), producer: "onnx-graft" }, name);
    }
  });

  itShared("encodeModel() keeps every bit of ResNet18's weights", "models/resnet18-folded.onnx", (path) => {
    const bytes = readFileSync(path);
    const written = encodeModel(decodeModel(bytes));
    assert.deepEqual(initializers(written), initializers(bytes));
  });

  it("encodeModel() writes random graphs that decodeModel() reads as they were", () => {
    fc.assert(
      fc.property(models, (m) => {
        assert.deepEqual(decodeModel(encodeModel(m), { allowNonfinite: true }), { ...m, producer: "onnx-graft" });
      }),
      { numRuns: 300 },
    );
  });

  it("encodeModel() chooses the IR version that came with the opset", () => {
    const versions = [7, 9, 10, 11, 12, 14, 15, 17, 18, 19, 21, 22, 23].map((opset) =>
      Number(onnx.ModelProto.decode(encodeModel(model({}, opset))).ir_version),
    );
    assert.deepEqual(versions, [4, 4, 5, 6, 7, 7, 8, 8, 8, 9, 10, 10, 11]);
  });

  it("encodeModel() declares every domain that nodes use", () => {
    const t: Value = { ...y, name: "t" };
    const nodes: Node[] = [
      { op: "Gelu", domain: "com.microsoft", inputs: [x], outputs: [t], attrs: {} },
      { op: "ReorderInput", domain: "com.microsoft.nchwc", inputs: [t], outputs: [y], attrs: { channels_last: 0 } },
    ];
    const { opsets } = decodeModel(encodeModel(model({ nodes })));
    assert.deepEqual(
      [...opsets],
      [
        ["", 17],
        ["com.microsoft", 1],
        ["com.microsoft.nchwc", 1],
      ],
    );
  });

  it("encodeModel() gives bytes with a buffer of their own", () => {
    const small = encodeModel(model());
    assert.equal(small.byteLength, small.buffer.byteLength);
    const big = encodeModel(model({ constants: new Map([["w", float32([50_000], new Float32Array(50_000))]]) }));
    assert.equal(big.byteLength, big.buffer.byteLength);
    assert.deepEqual([small.constructor, big.constructor], [Uint8Array, Uint8Array]);
  });

  it("encodeModel() refuses what no file may hold", () => {
    const gradient: Node = {
      op: "ReluGradient",
      domain: "onnx-graft",
      name: "r",
      inputs: [x, x],
      outputs: [y],
      attrs: {},
    };
    assert.throws(() => encodeModel(model({ nodes: [gradient] })), {
      code: "E_NOT_LOWERED",
      message: /onnx-graft\.ReluGradient "r"/,
    });
    const half: Node = { op: "Softmax", inputs: [x], outputs: [y], attrs: { axis: 1.5 } };
    assert.throws(() => encodeModel(model({ nodes: [half] })), {
      code: "E_GRAPH",
      message: /attribute "axis" of Softmax "y": 1\.5/,
    });
    const short: TensorData = { dtype: "float32", shape: [3], data: new Float32Array(2) };
    assert.throws(() => encodeModel(model({ constants: new Map([["w", short]]) })), {
      code: "E_SHAPE",
      message: /"w": 2 elements/,
    });
    assert.throws(() => encodeModel({ ...model(), opsets: new Map() }), { code: "E_MODEL_OPSET" });
  });

  it("encodeModel() writes what ONNX Runtime computes", async () => {
    const w = float32([2, 2], [1, 2, 3, 4]);
    const nodes: Node[] = [
      {
        op: "Gemm",
        inputs: [x, constantValue("w", w)],
        outputs: [{ name: "h", ...UNKNOWN_TYPE }],
        attrs: { transB: 1, alpha: { float: 0.5 } },
      },
      {
        op: "Clip",
        inputs: [{ name: "h", ...UNKNOWN_TYPE }, undefined, constantValue("six", float32([], [6]))],
        outputs: [y],
        attrs: {},
      },
    ];
    const constants = new Map([
      ["w", w],
      ["six", float32([], [6])],
    ]);
    const result = await run(encodeModel(model({ nodes, constants })), {
      x: new ort.Tensor("float32", [2, 2, 4, 4], [2, 2]),
    });
    assert.deepEqual(Array.from(result["y"]?.data as Float32Array), [3, 6, 6, 6]);
  });

  it("encodeModel() leaves the type of an output open that nobody knows", async () => {
    const outputs = [{ name: "s", ...UNKNOWN_TYPE }];
    const nodes: Node[] = [{ op: "Shape", inputs: [x], outputs, attrs: {} }];
    const bytes = encodeModel(model({ nodes, outputs }));
    assert.deepEqual(decodeModel(bytes).graph.outputs, outputs);
    const { s } = await run(bytes, { x: new ort.Tensor("float32", new Float32Array(6), [3, 2]) });
    assert.deepEqual([s?.type, s?.data], ["int64", BigInt64Array.of(3n, 2n)]);
  });

  it("encodeModel() writes the golden files as ONNX Runtime loads them", async () => {
    const folder = fixture("goldens/operators");
    for (const name of readdirSync(folder).filter((file) => file.endsWith(".onnx"))) {
      const session = await ort.InferenceSession.create(encodeModel(decodeModel(readFileSync(join(folder, name)))), {
        intraOpNumThreads: 1,
        logSeverityLevel: 3,
      });
      await session.release();
    }
  });
});

const dtypes: readonly DType[] = [
  "float32",
  "float64",
  "float16",
  "bfloat16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
];
const text = fc.string({ unit: "grapheme", maxLength: 8 });
const tensors: fc.Arbitrary<TensorData> = fc
  .tuple(fc.constantFrom(...dtypes), fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }))
  .chain(([dtype, shape]) => {
    const length = sizeOf(shape) * bytesPerElement(dtype);
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ dtype, shape, data: fromBytes(dtype, bytes) }));
  });
const floats = fc.float({ noNaN: true });
const attributes: fc.Arbitrary<Attribute> = fc.oneof(
  fc.maxSafeInteger(),
  text,
  floats.map((float) => ({ float })),
  fc.array(floats, { maxLength: 3 }).map((float) => ({ float })),
  fc.array(fc.maxSafeInteger(), { maxLength: 3 }),
  fc.array(text, { minLength: 1, maxLength: 3 }),
  tensors,
);

/** Chains of nodes that read anything made before them; value names are numbered, other names are any text. */
const models: fc.Arbitrary<Model> = fc
  .record({
    inputs: fc.array(
      fc.record({
        dtype: fc.constantFrom(...dtypes),
        shape: fc.array(fc.oneof(fc.nat(99), fc.constantFrom("N", "H")), { maxLength: 3 }),
      }),
      { maxLength: 3 },
    ),
    constants: fc.array(tensors, { minLength: 1, maxLength: 3 }),
    nodes: fc.array(
      fc.record({
        op: fc.constantFrom("Add", "Conv", "Mystery"),
        domain: fc.constantFrom(undefined, "com.microsoft"),
        name: fc.option(
          text.filter((s) => s !== ""),
          { nil: undefined },
        ),
        reads: fc.array(fc.option(fc.nat(), { nil: undefined, freq: 8 }), { maxLength: 4 }),
        outputCount: fc.integer({ min: 1, max: 3 }),
        attrs: fc.dictionary(text, attributes, { maxKeys: 3, noNullPrototype: true }),
      }),
      { minLength: 1, maxLength: 6 },
    ),
    metadata: fc.array(fc.tuple(text, text), { maxLength: 3 }),
  })
  .map(({ inputs, constants, nodes, metadata }) => {
    const graphInputs = inputs.map(({ dtype, shape }, i): Value => ({ name: `x${i}`, dtype, shape }));
    const named = new Map(constants.map((t, i) => [`w${i}`, t]));
    const values = [...Array.from(named, ([name, t]) => constantValue(name, t)), ...graphInputs];
    const written = nodes.map(({ op, domain, name, reads, outputCount, attrs }, i): Node => {
      const read = reads.map((r) => (r === undefined ? undefined : values[r % values.length]));
      const ins = read.slice(0, read.findLastIndex((v) => v !== undefined) + 1);
      const outputs = Array.from({ length: outputCount }, (_, k): Value => ({ name: `v${i}.${k}`, ...UNKNOWN_TYPE }));
      values.push(...outputs);
      return {
        op,
        ...(domain ? { domain } : {}),
        ...(name === undefined ? {} : { name }),
        inputs: ins,
        outputs,
        attrs,
      };
    });
    const opsets = new Map([
      ["", 17],
      ["com.microsoft", 1],
    ]);
    const graph = { inputs: graphInputs, outputs: [values.at(-1)!], constants: named, nodes: written };
    return { graph, opsets, metadata: new Map(metadata) };
  });
