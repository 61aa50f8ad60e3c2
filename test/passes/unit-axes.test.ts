import assert from "node:assert/strict";
import { unitAxesOf } from "../../toolkit/passes/unit-axes.ts";
import { random } from "./raw-model.ts";
import { conv3, norm, smallGraph } from "./small-graph.ts";

describe("passes/unit-axes", () => {
  it("unitAxesOf() takes output channels of convolutions, and nothing of norms and biases", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => {
      const map = norm(b, conv3(b, x, "a", 4, true), "n");
      return [b.op("ConvTranspose", [map, b.constant(random([4, 5, 2, 2]), "up")])];
    });
    assert.deepEqual(Object.fromEntries(unitAxesOf(graph)), { "a.weight": 0, up: 1 });
  });

  it("unitAxesOf() takes the outputs of dense layers, whichever way they are written", () => {
    const graph = smallGraph(["N", 4], (b, x) => {
      const rows = b.op("Gemm", [x, b.constant(random([5, 4]), "rows")], { transB: 1 });
      const columns = b.op("Gemm", [rows, b.constant(random([5, 6]), "columns")]);
      const product = b.op("MatMul", [columns, b.constant(random([6, 7]), "product")]);
      const turned = b.op("Transpose", [b.constant(random([8, 7]), "turned")], { perm: [1, 0] });
      return [b.op("MatMul", [product, turned])];
    });
    assert.deepEqual(Object.fromEntries(unitAxesOf(graph)), { rows: 0, columns: 1, product: 1, turned: 0 });
  });
});
