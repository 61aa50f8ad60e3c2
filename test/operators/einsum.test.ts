import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Dim } from "../../toolkit/graph/ir.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

function shapeOf(equation: string, ...shapes: readonly (readonly Dim[])[]): readonly Dim[] {
  const b = new GraphBuilder(operators);
  const operands = shapes.map((shape, i) => b.input(`x${i}`, "float32", shape));
  return b.op("Einsum", operands, { equation }).shape;
}

describe("operators/einsum", () => {
  const cases: readonly (readonly [string, ...(readonly number[][])])[] = [
    ["ij->ji", [2, 3]],
    ["ij->i", [3, 2]],
    ["ijk->", [1, 2, 3]],
    ["i->i", [4]],
    ["...ij->...", [2, 3, 2, 2]],
    ["ij,jk->ik", [2, 3], [3, 4]],
    ["bhid,bhjd->bhij", [1, 2, 3, 2], [1, 2, 4, 2]],
    ["bij,bjk", [2, 2, 3], [2, 3, 1]],
    ["i,j->ij", [3], [2]],
    ["ij,ij->", [2, 3], [2, 3]],
    ["ij,kl->l", [2, 3], [2, 4]],
    ["...ij,...jk->...ik", [2, 1, 2, 3], [1, 4, 3, 2]],
    ["ij, j -> i", [2, 3], [3]],
    ["bc...,dc->bd...", [2, 3, 2, 2], [4, 3]],
    ["ij,jk,kl->il", [2, 3], [3, 2], [2, 2]],
  ];
  for (const [equation, ...shapes] of cases) {
    it(`matches finite differences: ${equation}`, () => gradcheck("Einsum", shapes, { equation }));
  }

  it("matches finite differences where an operand is broadcast", () =>
    gradcheck(
      "Einsum",
      [
        [2, 3],
        [1, 4],
      ],
      { equation: "ij,jk->ik" },
    ));

  it("matches finite differences for extents of unknown size", () =>
    gradcheck(
      "Einsum",
      [
        ["N", "T", 2],
        [3, 2],
      ],
      { equation: "btd,cd->bt" },
      { dims: { N: 2, T: 3 }, unbound: true },
    ));

  it("keeps names of extents", () => {
    assert.deepEqual(shapeOf("bhid,bhjd->bhij", ["N", 2, "T", 8], ["N", 2, "S", 8]), ["N", 2, "T", "S"]);
    assert.deepEqual(shapeOf("...ij,jk", ["N", 4, 2, 3], [3, 5]), ["N", 4, 2, 5]);
  });

  it("refuses an equation that does not fit", () => {
    assert.throws(() => shapeOf("ij->ij", [2]), { code: "E_SHAPE", message: /does not fit operands \[2\]/ });
    assert.throws(() => shapeOf("ij,jk->ik", [2, 3]), { code: "E_SHAPE" });
    assert.throws(() => shapeOf("ij->ik", [2, 3]), { code: "E_SHAPE" });
  });

  it("refuses the gradient of a diagonal", () =>
    assert.rejects(gradcheck("Einsum", [[3, 3]], { equation: "ii->i" }), /a letter stands twice in one term/));
});
