import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/cast", () => {
  for (const shape of [[3, 4], [], [1], [2, 1, 3], [1, 2, 2, 2]]) {
    it(`matches finite differences between floating-point types: [${shape.join()}]`, async () => {
      await gradcheck("Cast", [shape], { to: 11 }, { dtype: "float32" });
      await gradcheck("Cast", [shape], { to: 1 }, { dtype: "float32" });
    });
  }
  it("matches finite differences for a batch of unknown size", () =>
    gradcheck("Cast", [["N", 3]], { to: 11 }, { dtype: "float32", dims: { N: 2 }, unbound: true }));
  it("has no gradient through integers", () =>
    assert.rejects(gradcheck("Cast", [[3]], { to: 7 }, { withoutGradient: [0] }), /has no gradient for any input/));
  it("refuses a type that is no number", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", [2]);
    assert.throws(() => b.op("Cast", [x], { to: 8 }), { code: "E_MODEL_INVALID" });
  });
});
