import assert from "node:assert/strict";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";
import { runGraph } from "../support/run-graph.ts";

describe("operators/min-max", () => {
  for (const type of ["Min", "Max"]) {
    it(`${type} matches finite differences`, () =>
      gradcheck(type, [
        [3, 4],
        [3, 4],
        [3, 4],
      ]));
    it(`${type} matches finite differences when broadcast`, () =>
      gradcheck(type, [
        [3, 1],
        [2, 1, 4],
      ]));
  }

  it("shares the gradient between equal inputs", async () => {
    const b = new GraphBuilder(operators);
    const [p, q] = [b.input("p", "float32", [2]), b.input("q", "float32", [2])];
    const y = b.op("Max", [p, q]);
    const { graph, gradients } = differentiate(b.build([y]), y, ["p"], operators, b.floats([1, 1]));
    const gradient = gradients.get("p");
    assert(gradient);
    const constants = new Map([...graph.constants, ["const_0", float32([2], [1, 1])]]);
    const results = await runGraph(
      { ...graph, constants, outputs: [gradient] },
      new Map([
        ["p", float32([2], [3, 5])],
        ["q", float32([2], [3, 4])],
      ]),
    );
    assert.deepEqual([...(results.get(gradient.name)?.data ?? [])], [0.5, 1]);
  });
});
