import assert from "node:assert/strict";
import type { Graph } from "../../toolkit/graph/ir.ts";
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
