import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { operatorTable } from "../../toolkit/graph/operator.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { reinitialise } from "../../toolkit/passes/reinitialise.ts";
import { architectures, readArchitecture } from "./architecture-files.ts";
import { random } from "./raw-model.ts";
import { smallGraph } from "./small-graph.ts";

const elements = (graph: Graph, name: string): readonly number[] =>
  Array.from(graph.constants.get(name)?.data as Float32Array);

describe("passes/reinitialise", () => {
  for (const { name } of architectures.filter(({ style }) => style === "old" || style === "bn")) {
    it(`starts every parameter of ${name} anew, and nothing else`, () => {
      const { graph } = normalise(readArchitecture(name));
      const fresh = reinitialise(graph, 7);
      const parameters = parametersOf(graph);
      const changed = [...fresh.constants.keys()].filter((n) => fresh.constants.get(n) !== graph.constants.get(n));
      const statistics = changed.filter((n) => !parameters.includes(n));
      assert.deepEqual(changed.filter((n) => parameters.includes(n)).toSorted(), [...parameters].toSorted());
      assert.ok(statistics.every((n) => /running_(mean|var)$/.test(n)));
      assert.ok(parameters.every((n) => elements(fresh, n).every((v) => Math.abs(v) < 3)));
      const again = reinitialise(graph, 7);
      const other = reinitialise(graph, 8);
      assert.ok(parameters.every((n) => elements(again, n).join() === elements(fresh, n).join()));
      assert.ok(parameters.some((n) => elements(other, n).join() !== elements(fresh, n).join()));
    });
  }

  it("leaves an InstanceNormalization with weights one with weights", () => {
    const graph = smallGraph(["N", 4, 8, 8], (b, x) => {
      const weights = [b.constant(random([4]), "scale"), b.constant(random([4], 2), "bias")];
      return [b.op("InstanceNormalization", [x, ...weights])];
    });
    assert.deepEqual(parametersOf(reinitialise(graph, 1)), ["scale", "bias"]);
  });

  it("draws what an operator of the user's own learns as its elements were spread", () => {
    const own = { type: "Own", domain: "mine", weights: [1, 2], infer: operators.get("Add")?.infer ?? assert.fail() };
    const table = operatorTable([...operators.values(), own]);
    const b = new GraphBuilder(table);
    const x = b.input("x", "float32", ["N", 2000]);
    const spread = { ...random([2000], 3), data: Float32Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? 3 : 5)) };
    const given = [x, b.constant(spread, "spread"), b.constant(float32([2000], new Float32Array(2000)), "zeros")];
    const graph = b.build([b.op("Own", given, {}, { domain: "mine" })]);
    const fresh = reinitialise(graph, 1, table);
    for (const [name, mean, deviation] of [
      ["spread", 4, 1],
      ["zeros", 0, 0.02],
    ] as const) {
      const found = elements(fresh, name);
      const average = found.reduce((sum, v) => sum + v, 0) / found.length;
      const variance = found.reduce((sum, v) => sum + (v - average) ** 2, 0) / found.length;
      assert.ok(Math.abs(average - mean) < 0.1 * deviation, `${name}: mean ${average}`);
      assert.ok(Math.abs(Math.sqrt(variance) / deviation - 1) < 0.1, `${name}: deviation ${Math.sqrt(variance)}`);
      assert.notDeepEqual(found, elements(graph, name));
    }
  });

  it("starts norms as the identity, LayerScale with 1, and tokens and embeddings small", () => {
    const of = (name: string): Graph => reinitialise(normalise(readArchitecture(name)).graph, 1);
    const vit = of("vit-old");
    assert.deepEqual(elements(vit, "norm.weight"), Array(12).fill(1));
    assert.deepEqual(elements(vit, "norm.bias"), Array(12).fill(0));
    assert.ok(elements(vit, "class_token").every((v) => v !== 0 && Math.abs(v) < 0.1));
    assert.ok(elements(vit, "position").every((v) => v !== 0 && Math.abs(v) < 0.1));
    assert.deepEqual(elements(of("convnext-new"), "stages.0.layer_scale"), Array(8).fill(1));
  });
});
