import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { operators } from "../../toolkit/operators/index.ts";

describe("operators/compare", () => {
  for (const type of ["Equal", "Greater", "Less", "GreaterOrEqual", "LessOrEqual", "And", "Or", "Xor"]) {
    it(`${type} gives truth values in the broadcast shape, and no gradient`, () => {
      const b = new GraphBuilder(operators);
      const logic = ["And", "Or", "Xor"].includes(type) ? "bool" : "float32";
      const y = b.op(type, [b.input("p", logic, ["N", 1]), b.input("q", logic, [4])]);
      assert.deepEqual([y.dtype, y.shape], ["bool", ["N", 4]]);
      assert.equal(operators.get(type)?.gradient, null);
    });
  }
  for (const type of ["IsNaN", "IsInf", "Not"]) {
    it(`${type} gives truth values in the shape of its input, and no gradient`, () => {
      const b = new GraphBuilder(operators);
      const y = b.op(type, [b.input("p", type === "Not" ? "bool" : "float32", ["N", 3])]);
      assert.deepEqual([y.dtype, y.shape], ["bool", ["N", 3]]);
      assert.equal(operators.get(type)?.gradient, null);
    });
  }
});
