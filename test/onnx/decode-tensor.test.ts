import assert from "node:assert/strict";
import type { DType, TypedArray } from "../../toolkit/graph/tensor.ts";
import { toBytes } from "../../toolkit/graph/tensor.ts";
import { countNonfinite, decodeTensor, type TensorProto } from "../../toolkit/onnx/decode-tensor.ts";
import { elementTypeNumber } from "../../toolkit/graph/element-type.ts";

const source = { readExternal: (): Uint8Array => assert.fail("nothing is external") };
const read = (proto: TensorProto): TypedArray => decodeTensor(proto, "t", source).data;

const cases: readonly (readonly [
  dtype: DType,
  field: keyof TensorProto,
  stored: readonly number[],
  data: TypedArray,
])[] = [
  ["float32", "float_data", [0.5, -1], Float32Array.of(0.5, -1)],
  ["float64", "double_data", [0.1, -1], Float64Array.of(0.1, -1)],
  ["float16", "int32_data", [0x3c00, 0xc000], Uint16Array.of(0x3c00, 0xc000)],
  ["bfloat16", "int32_data", [0x3f80, 0xbf80], Uint16Array.of(0x3f80, 0xbf80)],
  ["int8", "int32_data", [-128, 127], Int8Array.of(-128, 127)],
  ["uint8", "int32_data", [0, 255], Uint8Array.of(0, 255)],
  ["int16", "int32_data", [-32768, 7], Int16Array.of(-32768, 7)],
  ["uint16", "int32_data", [65535, 7], Uint16Array.of(65535, 7)],
  ["int32", "int32_data", [-(2 ** 31), 7], Int32Array.of(-(2 ** 31), 7)],
  ["uint32", "uint64_data", [2 ** 32 - 1, 7], Uint32Array.of(2 ** 32 - 1, 7)],
  ["int64", "int64_data", [-(2 ** 53) + 1, 7], BigInt64Array.of(-(2n ** 53n) + 1n, 7n)],
  ["uint64", "uint64_data", [2 ** 53 - 1, 7], BigUint64Array.of(2n ** 53n - 1n, 7n)],
  ["bool", "int32_data", [1, 0], Uint8Array.of(1, 0)],
];

describe("onnx/decode-tensor", () => {
  for (const [dtype, field, stored, data] of cases) {
    it(`decodeTensor() reads ${dtype} from ${field} and from raw_data`, () => {
      const proto = { data_type: elementTypeNumber(dtype), dims: [2] };
      assert.deepEqual(read({ ...proto, [field]: stored }), data);
      assert.deepEqual(read({ ...proto, raw_data: toBytes(data) }), data);
    });
  }

  it("decodeTensor() reads scalars and tensors without elements", () => {
    assert.deepEqual(decodeTensor({ data_type: 1, dims: [], float_data: [3] }, "t", source), {
      dtype: "float32",
      shape: [],
      data: Float32Array.of(3),
    });
    assert.deepEqual(decodeTensor({ data_type: 7, dims: [0], raw_data: new Uint8Array() }, "t", source), {
      dtype: "int64",
      shape: [0],
      data: new BigInt64Array(),
    });
  });

  it("decodeTensor() refuses bytes that do not fill the shape", () => {
    const message = "Cannot read t: it says [4,2] float32 (32 bytes) but holds 4 bytes";
    const proto = { data_type: 1, dims: [4, 2] };
    assert.throws(() => read({ ...proto, raw_data: new Uint8Array(4) }), { code: "E_MODEL_SHAPE", message });
    assert.throws(() => read({ ...proto, float_data: [1] }), { code: "E_MODEL_SHAPE", message });
    assert.throws(() => read({ ...proto, raw_data: new Uint8Array(33) }), { code: "E_MODEL_SHAPE" });
    assert.throws(() => read(proto), { code: "E_MODEL_SHAPE", message: /holds 0 bytes/ });
  });

  it("decodeTensor() refuses impossible shapes", () => {
    for (const dims of [
      [-1],
      [2 ** 32],
      [65536, 65536],
      Array.from({ length: 40 }, () => 2 ** 40),
      [0, ...Array.from({ length: 40 }, () => 2 ** 40)],
    ]) {
      assert.throws(
        () => read({ data_type: 1, dims, raw_data: new Uint8Array(4) }),
        { code: "E_MODEL_SHAPE" },
        String(dims),
      );
    }
  });

  it("decodeTensor() refuses strings, segments and elements that are stored twice", () => {
    assert.throws(() => read({ data_type: 8, dims: [1], string_data: [new Uint8Array(1)] }), {
      code: "E_MODEL_INVALID",
      message: /type STRING/,
    });
    assert.throws(() => read({ data_type: 1, dims: [1], segment: { begin: 0, end: 1 } }), {
      code: "E_MODEL_INVALID",
      message: /segments/,
    });
    assert.throws(() => read({ data_type: 1, dims: [1], float_data: [1], raw_data: new Uint8Array(4) }), {
      code: "E_MODEL_INVALID",
      message: /twice/,
    });
  });

  it("countNonfinite() counts in every float type", () => {
    const floats = [1, Number.NaN, Infinity, -Infinity, -0];
    assert.deepEqual(countNonfinite({ dtype: "float32", shape: [5], data: Float32Array.from(floats) }), {
      nan: 1,
      inf: 2,
    });
    assert.deepEqual(countNonfinite({ dtype: "float64", shape: [5], data: Float64Array.from(floats) }), {
      nan: 1,
      inf: 2,
    });
    assert.deepEqual(
      countNonfinite({ dtype: "float16", shape: [4], data: Uint16Array.of(0x7bff, 0xfc00, 0x7c01, 0xfe00) }),
      { nan: 2, inf: 1 },
    );
    assert.deepEqual(
      countNonfinite({ dtype: "bfloat16", shape: [4], data: Uint16Array.of(0x7f7f, 0xff80, 0x7f81, 0xffc0) }),
      { nan: 2, inf: 1 },
    );
    assert.deepEqual(countNonfinite({ dtype: "uint16", shape: [1], data: Uint16Array.of(0x7c01) }), { nan: 0, inf: 0 });
  });
});
