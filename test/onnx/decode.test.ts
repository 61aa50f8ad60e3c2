import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join as joinPath } from "node:path";
import { errorCode, errorMessage } from "../../toolkit/errors.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { UNKNOWN_TYPE } from "../../toolkit/graph/ir.ts";
import { decodeModel, type DecodeOptions } from "../../toolkit/onnx/decode.ts";
import { onnx } from "../../toolkit/onnx/schema.js";
import { fixture } from "../support/fixtures.ts";
import { ascii, modelBytes, node, vector, weight } from "../support/onnx-bytes.ts";

function refused(code: string, pattern: RegExp, bytes: Uint8Array, options: DecodeOptions = {}): void {
  assert.throws(
    () => decodeModel(bytes, { name: "m", ...options }),
    (error: unknown) => {
      assert.equal(errorCode(error), code, errorMessage(error));
      assert.match(errorMessage(error), pattern);
      assert.match(errorMessage(error), /^Cannot read m\b.*[^.]$/s);
      return true;
    },
  );
}

describe("onnx/decode", () => {
  it("decodeModel() reads a graph with its types, opsets and metadata", () => {
    const model = decodeModel(modelBytes({}, { metadata_props: [{ key: "labels", value: '["ant","bee"]' }] }));
    const x = { name: "x", dtype: "float32", shape: [2] };
    const y = { name: "y", dtype: "float32", shape: [2] };
    assert.deepEqual(model.graph, {
      inputs: [x],
      outputs: [y],
      constants: new Map(),
      nodes: [{ op: "Relu", inputs: [x], outputs: [y], attrs: {} }],
    });
    assert.deepEqual(
      [...model.opsets, ...model.metadata],
      [
        ["", 17],
        ["labels", '["ant","bee"]'],
      ],
    );
  });

  it("decodeModel() takes types in between from value_info, and has UNKNOWN_TYPE for the others", () => {
    const nodes = [node("Relu", ["x"], ["a"]), node("Relu", ["a"], ["b"]), node("Relu", ["b"], ["y"])];
    const { graph } = decodeModel(modelBytes({ node: nodes, value_info: [vector("a", 5)] }));
    assert.deepEqual(graph.nodes[0]?.outputs[0], { name: "a", dtype: "float32", shape: [5] });
    assert.deepEqual(graph.nodes[1]?.outputs[0], { name: "b", ...UNKNOWN_TYPE });
    assert.equal(graph.nodes[1]?.inputs[0], graph.nodes[0]?.outputs[0]);
  });

  it("decodeModel() keeps named dimensions, and names those that are left open", () => {
    const dim = [{ dim_param: "N" }, { dim_value: 3 }, {}, { dim_value: -1 }, { dim_value: 0 }];
    const input = { name: "x", type: { tensor_type: { elem_type: 2, shape: { dim } } } };
    const { graph } = decodeModel(modelBytes({ input: [input] }));
    assert.deepEqual(graph.inputs, [{ name: "x", dtype: "uint8", shape: ["N", 3, "x.2", "x.3", 0] }]);
  });

  it("decodeModel() makes inputs that are initializers too constants only", () => {
    const input = [vector("x"), vector("w")];
    const { graph } = decodeModel(
      modelBytes({ node: [node("Add", ["x", "w"], ["y"])], input, initializer: [weight("w")] }, { ir_version: 3 }),
    );
    assert.deepEqual([graph.inputs.map((v) => v.name), [...graph.constants.keys()]], [["x"], ["w"]]);
  });

  it("decodeModel() makes omitted inputs undefined, drops them at the end, and names unwanted outputs", () => {
    const nodes = [
      node("Clip", ["x", "", "x", ""], ["a"]),
      node("Dropout", ["a"], ["", "mask"]),
      node("Dropout", ["a"], ["y", ""]),
    ];
    const { graph } = decodeModel(modelBytes({ node: nodes }));
    assert.deepEqual(graph.nodes[0]?.inputs, [graph.inputs[0], undefined, graph.inputs[0]]);
    assert.deepEqual(
      graph.nodes.slice(1).map((n) => n.outputs.map((v) => v.name)),
      [["Dropout_unused_0", "mask"], ["y"]],
    );
  });

  it("decodeModel() treats both names of the standard domain as one, and keeps others", () => {
    const nodes = [
      node("Relu", ["x"], ["a"], { domain: "ai.onnx" }),
      node("Gelu", ["a"], ["y"], { domain: "com.microsoft", name: "g" }),
    ];
    const opset_import = [
      { domain: "ai.onnx", version: 13 },
      { domain: "com.microsoft", version: 1 },
    ];
    const model = decodeModel(modelBytes({ node: nodes }, { opset_import }));
    assert.deepEqual(
      model.graph.nodes.map((n) => [n.domain, n.name]),
      [
        [undefined, undefined],
        ["com.microsoft", "g"],
      ],
    );
    assert.deepEqual(
      [...model.opsets],
      [
        ["", 13],
        ["com.microsoft", 1],
      ],
    );
  });

  it("decodeModel() sorts nodes", () => {
    const nodes = [node("Neg", ["b"], ["y"]), node("Abs", ["a"], ["b"]), node("Relu", ["x"], ["a"])];
    const { graph } = decodeModel(modelBytes({ node: nodes }));
    assert.deepEqual(
      checkGraph(graph).nodes.map((n) => n.op),
      ["Relu", "Abs", "Neg"],
    );
  });

  it("decodeModel() reads a Buffer at any offset", () => {
    const bytes = modelBytes({ node: [node("Add", ["x", "w"], ["y"])], initializer: [weight("w", [3, 4])] });
    for (let offset = 0; offset < 4; offset++) {
      const buffer = Buffer.alloc(bytes.length + offset).subarray(offset);
      buffer.set(bytes);
      assert.deepEqual([...(decodeModel(buffer).graph.constants.get("w")?.data ?? [])], [3, 4]);
    }
  });

  it("decodeModel() reads weights that are NaN or infinite only where that is allowed", () => {
    const bytes = modelBytes({ initializer: [weight("w", [0, Number.NaN, 1, Infinity, 2, 3, 4, -Infinity])] });
    refused("E_MODEL_NONFINITE", /initializer "w" has 1 NaN and 2 Inf of 8 values$/, bytes);
    assert.equal(decodeModel(bytes, { allowNonfinite: true }).graph.constants.get("w")?.data.length, 8);
  });

  it("decodeModel() takes external data from its reader, and counts it towards the size limit", () => {
    const external_data = [
      { key: "location", value: "w.bin" },
      { key: "offset", value: "16" },
      { key: "length", value: "8" },
    ];
    const bytes = modelBytes({
      initializer: [
        { name: "w", data_type: 1, dims: [2], data_location: onnx.TensorProto.DataLocation.EXTERNAL, external_data },
      ],
    });
    const asked: unknown[] = [];
    const readExternal = (...args: unknown[]): Uint8Array => {
      asked.push(args);
      return new Uint8Array(Float32Array.of(5, 6).buffer);
    };
    assert.deepEqual([...(decodeModel(bytes, { readExternal }).graph.constants.get("w")?.data ?? [])], [5, 6]);
    assert.deepEqual(asked, [["w.bin", 16, 8]]);
    refused("E_MODEL_EXTERNAL", /its weights lie beside it in "w\.bin"/, bytes);
    refused("E_MODEL_TOO_LARGE", /external data/, bytes, { readExternal, limits: { fileBytes: bytes.length + 7 } });
    refused("E_MODEL_SHAPE", /holds 7 bytes/, bytes, { readExternal: () => new Uint8Array(7) });
  });

  const graphs: readonly (readonly [title: string, code: string, pattern: RegExp, bytes: Uint8Array])[] = [
    [
      "a cycle",
      "E_MODEL_CYCLE",
      /cycle: \w+ "[ab]" → \w+ "[ab]" → \w+ "[ab]"$/,
      modelBytes({ node: [node("Add", ["x", "b"], ["a"]), node("Neg", ["a"], ["b"]), node("Abs", ["b"], ["y"])] }),
    ],
    [
      "a node that reads itself",
      "E_MODEL_CYCLE",
      /Add "loop" → Add "loop"$/,
      modelBytes({ node: [node("Add", ["x", "y"], ["y"], { name: "loop" })] }),
    ],
    [
      "a missing input",
      "E_MODEL_INVALID",
      /Add "y" reads "gone", which nothing makes/,
      modelBytes({ node: [node("Add", ["x", "gone"], ["y"])] }),
    ],
    ["a missing output", "E_MODEL_INVALID", /nothing makes its output "z"/, modelBytes({ output: [vector("z")] })],
    ["no outputs", "E_MODEL_INVALID", /no outputs/, modelBytes({ output: [] })],
    [
      "an output made twice",
      "E_MODEL_INVALID",
      /"y" is made twice/,
      modelBytes({ node: [node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])] }),
    ],
    [
      "an output that is an input",
      "E_MODEL_INVALID",
      /"x" is made twice/,
      modelBytes({ node: [node("Relu", ["x"], ["x"])], output: [vector("x")] }),
    ],
    [
      "two inputs of one name",
      "E_MODEL_INVALID",
      /"x" is made twice/,
      modelBytes({ input: [vector("x"), vector("x")] }),
    ],
    [
      "two initializers of one name",
      "E_MODEL_INVALID",
      /two initializers are called "w"/,
      modelBytes({ initializer: [weight("w"), weight("w")] }),
    ],
    ["a node without operator", "E_MODEL_INVALID", /no operator/, modelBytes({ node: [node("", ["x"], ["y"])] })],
    [
      "a node without output",
      "E_MODEL_INVALID",
      /no output/,
      modelBytes({ node: [node("Relu", ["x"], ["y"]), node("Relu", ["x"], [""])] }),
    ],
    [
      "an input without shape",
      "E_MODEL_INVALID",
      /"x" has no name or states no shape/,
      modelBytes({ input: [{ name: "x", type: { tensor_type: { elem_type: 1 } } }] }),
    ],
    [
      "a sequence as input",
      "E_MODEL_INVALID",
      /input "x": it is no dense tensor/,
      modelBytes({ input: [{ name: "x", type: { sequence_type: {} } }] }),
    ],
    [
      "strings as input",
      "E_MODEL_INVALID",
      /of type STRING/,
      modelBytes({ input: [{ name: "x", type: { tensor_type: { elem_type: 8 } } }] }),
    ],
    [
      "an enormous input",
      "E_MODEL_SHAPE",
      /its shape is \[4507997673881600/,
      modelBytes({ input: [vector("x", 2 ** 52 + 2 ** 42)] }),
    ],
    [
      "element type 99",
      "E_MODEL_INVALID",
      /number 99/,
      modelBytes({ initializer: [{ name: "w", data_type: 99, dims: [1], raw_data: new Uint8Array(4) }] }),
    ],
    ["sparse weights", "E_MODEL_INVALID", /sparse/, modelBytes({ sparse_initializer: [{ dims: [2] }] })],
    [
      "a subgraph",
      "E_MODEL_OP",
      /Loop "y" holds a subgraph/,
      modelBytes({
        node: [
          node("Loop", ["x"], ["y"], {
            attribute: [{ name: "body", type: onnx.AttributeProto.AttributeType.GRAPH, g: { name: "b" } }],
          }),
        ],
      }),
    ],
    [
      "a gradient operator",
      "E_MODEL_OP",
      /ReluGradient "y" is a gradient operator/,
      modelBytes({ node: [node("ReluGradient", ["x"], ["y"], { domain: "onnx-graft" })] }),
    ],
    [
      "a function of the file's own",
      "E_MODEL_OP",
      /pkg\.f "y" is a function/,
      modelBytes({ node: [node("f", ["x"], ["y"], { domain: "pkg" })] }, { functions: [{ name: "f", domain: "pkg" }] }),
    ],
    [
      "opset 6",
      "E_MODEL_OPSET",
      /it is of opset 6, expected 7 to 23$/,
      modelBytes({}, { opset_import: [{ domain: "", version: 6 }] }),
    ],
    ["opset 24", "E_MODEL_OPSET", /opset 24/, modelBytes({}, { opset_import: [{ version: 24 }] })],
    ["no opset", "E_MODEL_OPSET", /declares no opset/, modelBytes({}, { opset_import: [] })],
    [
      "two opsets",
      "E_MODEL_OPSET",
      /two opsets/,
      modelBytes(
        {},
        {
          opset_import: [
            { domain: "", version: 13 },
            { domain: "ai.onnx", version: 14 },
          ],
        },
      ),
    ],
    ["an empty file", "E_MODEL_EMPTY", /empty \(0 bytes\)/, new Uint8Array()],
    ["a web page", "E_MODEL_NOT_ONNX", /HTML page/, ascii("<html><body>Sign in</body></html>")],
  ];
  for (const [title, code, pattern, bytes] of graphs) {
    it(`decodeModel() refuses ${title}`, () => refused(code, pattern, bytes));
  }

  it("decodeModel() ignores functions that no node uses", () => {
    decodeModel(modelBytes({}, { functions: [{ name: "f", domain: "pkg" }] }));
  });

  it("decodeModel() reads every golden file", () => {
    const folder = fixture("goldens/operators");
    const files = readdirSync(folder).filter((name) => name.endsWith(".onnx"));
    assert.ok(files.length > 100);
    for (const name of files) checkGraph(decodeModel(readFileSync(joinPath(folder, name)), { name }).graph);
  });
});
