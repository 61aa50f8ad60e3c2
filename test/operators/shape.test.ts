import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Attributes, Dim } from "../../toolkit/graph/ir.ts";
import { int64, scalar } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";

type Operand = readonly Dim[] | TensorData;

/** The element type and shape of an operator's result. */
function typeOf(type: string, operands: readonly Operand[], attrs: Attributes = {}): readonly Dim[] {
  const b = new GraphBuilder(operators);
  const y = b.op(
    type,
    operands.map((t, i) => ("dtype" in t ? b.constant(t) : b.input(`x${i}`, "float32", t))),
    attrs,
  );
  return [y.dtype, ...y.shape];
}

describe("operators/shape", () => {
  it("has a gradient of zero for each", () => {
    for (const type of ["Shape", "Size", "ConstantOfShape", "Range", "OneHot", "EyeLike", "NonZero"]) {
      assert.equal(operators.get(type)?.gradient, null, type);
    }
  });

  it("Shape has an element for each axis between start and end", () => {
    assert.deepEqual(typeOf("Shape", [["N", 3, 4]]), ["int64", 3]);
    assert.deepEqual(typeOf("Shape", [["N", 3, 4]], { start: -2 }), ["int64", 2]);
    assert.deepEqual(typeOf("Shape", [["N", 3, 4]], { start: 1, end: -1 }), ["int64", 1]);
    assert.deepEqual(typeOf("Shape", [["N", 3, 4]], { start: 2, end: 1 }), ["int64", 0]);
  });

  it("Size is one number", () => assert.deepEqual(typeOf("Size", [["N", 3]]), ["int64"]));

  it("ConstantOfShape has the shape that it is given, in the type of its value", () => {
    assert.deepEqual(typeOf("ConstantOfShape", [int64([2, 3])]), ["float32", 2, 3]);
    assert.deepEqual(typeOf("ConstantOfShape", [int64([4])], { value: int64([1]) }), ["int64", 4]);
    assert.equal(typeOf("ConstantOfShape", [[2]]).length, 3);
  });

  it("Range counts its steps, forwards and backwards", () => {
    const range = (...bounds: readonly number[]) =>
      typeOf(
        "Range",
        bounds.map((v) => scalar(v)),
      );
    assert.deepEqual(range(0, 5, 2), ["float32", 3]);
    assert.deepEqual(range(3, 0, -1), ["float32", 3]);
    assert.deepEqual(range(3, 0, 1), ["float32", 0]);
    assert.throws(() => range(0, 1, 0), { code: "E_SHAPE", message: /its step is 0/ });
  });

  it("OneHot puts the classes at its axis", () => {
    const values = int64([0, 1]);
    assert.deepEqual(typeOf("OneHot", [["N", 2], scalar(5, "int64"), values]), ["int64", "N", 2, 5]);
    assert.deepEqual(typeOf("OneHot", [["N", 2], scalar(5, "int64"), values], { axis: 1 }), ["int64", "N", 5, 2]);
  });

  it("EyeLike keeps the shape, and the type where none is given", () => {
    assert.deepEqual(typeOf("EyeLike", [[2, 3]]), ["float32", 2, 3]);
    assert.deepEqual(typeOf("EyeLike", [[2, 3]], { dtype: 7, k: 1 }), ["int64", 2, 3]);
  });

  it("NonZero has a row for each axis", () =>
    assert.deepEqual(typeOf("NonZero", [["N", 3]]), ["int64", 2, "nonzero(x0)"]));
});
