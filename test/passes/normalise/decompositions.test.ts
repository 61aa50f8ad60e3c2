import assert from "node:assert/strict";
import type { Attributes } from "../../../toolkit/graph/ir.ts";
import { differentiate } from "../../../toolkit/autodiff/differentiate.ts";
import { float32, toNumbers } from "../../../toolkit/graph/tensor.ts";
import { operators } from "../../../toolkit/operators/index.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../../toolkit/passes/parameters.ts";
import { runGraph } from "../../support/run-graph.ts";
import { random, rawModel } from "../raw-model.ts";
import type { RawModel } from "../raw-model.ts";
import { oneNode, sameAfter } from "./one-node.ts";

const channels = { s: random([4], 5), b: random([4], 6) };

/** A convolution, and behind it a norm with weights of its own. */
function behindConv(opset: number, norm: string, attrs: Attributes, weights: RawModel["constants"]): RawModel {
  return {
    opset,
    inputs: { x: [2, 3, 6, 5] },
    constants: { w: random([4, 3, 3, 3], 7), ...weights },
    nodes: [
      ["Conv", ["x", "w"], ["h"], {}],
      [norm, ["h", ...Object.keys(weights ?? {})], ["y"], attrs],
    ],
    outputs: ["y"],
  };
}

describe("passes/normalise/decompositions", () => {
  it("keeps one node for the norms that opset 17 has", async () => {
    const layer = { s: random([3, 5], 5), b: random([3, 5], 6) };
    const shape = [2, 3, 5];
    assert.deepEqual(
      await sameAfter(
        oneNode(17, shape, ["LayerNormalization", ["x", "s", "b"], ["y"], { axis: 1, stash_type: 1 }], layer),
      ),
      ["LayerNormalization"],
    );
    for (const opset of [7, 22])
      assert.deepEqual(
        await sameAfter(oneNode(opset, [2, 4, 3, 5], ["InstanceNormalization", ["x", "s", "b"], ["y"]], channels)),
        ["InstanceNormalization"],
      );
  });

  it("writes RMSNormalization of opset 23 out", async () => {
    const weights = { s: random([5], 5) };
    await sameAfter(
      oneNode(23, [2, 3, 5], ["RMSNormalization", ["x", "s"], ["y"], { epsilon: { float: 0.01 } }], weights),
    );
    await sameAfter(
      oneNode(23, [2, 3, 5], ["RMSNormalization", ["x", "s"], ["y"], { axis: 1 }], { s: random([3, 5], 6) }),
    );
  });

  it("writes the remainder of floating point out, which has the divisor's sign", async () => {
    const model = oneNode(13, [4], ["Mod", ["x", "by"], ["y"]], { by: float32([4], [0.75, -0.75, 0.75, -0.75]) });
    const { graph } = normalise(rawModel(model));
    const y = (await runGraph(graph, new Map([["x", float32([4], [2, 2, -2, -2])]]))).get("y");
    assert.deepEqual(y && toNumbers(y), [0.5, -0.25, 0.25, -0.5]);
    const exact = oneNode(13, [4], ["Mod", ["x", "by"], ["y"], { fmod: 1 }], model.constants);
    assert.deepEqual(await sameAfter(exact), ["Mod"]);
  });

  it("writes MeanVarianceNormalization out, over all pictures or over the maps of each", async () => {
    for (const opset of [9, 13]) {
      await sameAfter(oneNode(opset, [2, 3, 4, 5], ["MeanVarianceNormalization", ["x"], ["y"]]), 1e-4);
      await sameAfter(
        oneNode(opset, [2, 3, 4, 5], ["MeanVarianceNormalization", ["x"], ["y"], { axes: [2, 3] }]),
        1e-4,
      );
    }
  });

  it("keeps Mean of any number of inputs", async () => {
    const raw = {
      opset: 8,
      inputs: { x: [2, 3], z: [3] },
      nodes: [["Mean", ["x", "z", "x"], ["y"]]],
      outputs: ["y"],
    } as const;
    assert.deepEqual(await sameAfter(raw), ["Mean"]);
  });

  const norms: Readonly<Record<string, RawModel>> = {
    "GroupNormalization of opset 21": behindConv(21, "GroupNormalization", { num_groups: 2 }, channels),
    "GroupNormalization of opset 18": behindConv(
      18,
      "GroupNormalization",
      { num_groups: 2 },
      {
        s: random([2], 5),
        b: random([2], 6),
      },
    ),
    InstanceNormalization: behindConv(13, "InstanceNormalization", {}, channels),
    LayerNormalization: behindConv(17, "LayerNormalization", { axis: -1 }, { s: random([3], 5), b: random([3], 6) }),
    RMSNormalization: behindConv(23, "RMSNormalization", { axis: -1 }, { s: random([3], 5) }),
  };
  for (const [name, raw] of Object.entries(norms)) {
    it(`leaves the weights of ${name} parameters under their names, with gradients`, () => {
      const { graph } = normalise(rawModel(raw));
      assert.deepEqual(parametersOf(graph), Object.keys(raw.constants ?? {}));
      const [y] = graph.outputs;
      assert.ok(y);
      const { gradients } = differentiate(graph, y, parametersOf(graph), operators, y);
      for (const [parameter, t] of Object.entries(raw.constants ?? {}))
        assert.deepEqual(gradients.get(parameter)?.shape, t.shape);
    });
  }
});
