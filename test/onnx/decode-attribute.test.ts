import assert from "node:assert/strict";
import type { Attribute } from "../../toolkit/graph/ir.ts";
import { type AttributeProto, decodeAttribute } from "../../toolkit/onnx/decode-attribute.ts";
import { onnx } from "../../toolkit/onnx/schema.js";

const T = onnx.AttributeProto.AttributeType;
const source = { readExternal: (): Uint8Array => assert.fail("nothing is external") };
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** By the wire, so that the prototypes' defaults are as they are in files. */
function read(proto: AttributeProto): Attribute {
  const bytes = onnx.AttributeProto.encode({ name: "a", ...proto }).finish();
  return decodeAttribute(onnx.AttributeProto.decode(Uint8Array.from(bytes)), "m", 'Op "n"', source);
}

const int64Max = Uint8Array.of(0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0xa0, 0x01, 0x02);

describe("onnx/decode-attribute", () => {
  const cases: readonly (readonly [proto: AttributeProto, expected: Attribute])[] = [
    [{ type: T.FLOAT, f: 0.5 }, { float: 0.5 }],
    [{ type: T.FLOAT, f: 0 }, { float: 0 }],
    [{ type: T.INT, i: -3 }, -3],
    [{ type: T.INT }, 0],
    [{ type: T.STRING, s: utf8("SAME_UPPER é") }, "SAME_UPPER é"],
    [{ type: T.FLOATS, floats: [1, 2.5] }, { float: [1, 2.5] }],
    [{ type: T.INTS, ints: [1, -2] }, [1, -2]],
    [{ type: T.INTS }, []],
    [{ type: T.STRINGS, strings: [utf8("a"), utf8("b")] }, ["a", "b"]],
    [
      { type: T.TENSOR, t: { data_type: T.INTS, dims: [1], int64_data: [9] } },
      { dtype: "int64", shape: [1], data: BigInt64Array.of(9n) },
    ],
  ];
  for (const [proto, expected] of cases) {
    it(`decodeAttribute() reads ${JSON.stringify(proto)}`, () => assert.deepEqual(read(proto), expected));
  }

  it("decodeAttribute() tells the type by the field in use where the file leaves it out", () => {
    const values = cases.slice(0, 3).concat(cases.slice(4, 7), cases.slice(8));
    for (const [{ type: _, ...proto }, expected] of values) assert.deepEqual(read(proto), expected);
  });

  it("decodeAttribute() holds what is beyond 2^53 at the largest safe integer, as INT64_MAX means the end", () => {
    const max = onnx.AttributeProto.decode(int64Max);
    assert.equal(decodeAttribute(max, "m", "Op", source), Number.MAX_SAFE_INTEGER);
  });

  it("decodeAttribute() refuses subgraphs, lists of tensors, references and text that is none", () => {
    assert.throws(() => read({ type: T.GRAPH, g: { name: "g" } }), {
      code: "E_MODEL_OP",
      message: /Op "n" holds a subgraph/,
    });
    assert.throws(() => read({ g: { name: "g" } }), { code: "E_MODEL_OP" });
    assert.throws(() => read({ type: T.TENSORS, tensors: [] }), {
      code: "E_MODEL_INVALID",
      message: /attribute "a" of Op "n": its type TENSORS/,
    });
    assert.throws(() => read({ type: T.TYPE_PROTO, tp: {} }), {
      code: "E_MODEL_INVALID",
      message: /its type TYPE_PROTO/,
    });
    assert.throws(() => read({}), { code: "E_MODEL_INVALID", message: /its type UNDEFINED/ });
    assert.throws(() => read({ type: T.INT, ref_attr_name: "b" }), { code: "E_MODEL_INVALID" });
    assert.throws(() => read({ type: T.STRING, s: Uint8Array.of(0xff, 0xfe) }), {
      code: "E_MODEL_INVALID",
      message: /no UTF-8/,
    });
  });
});
