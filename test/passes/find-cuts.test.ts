import assert from "node:assert/strict";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { scalar } from "../../toolkit/graph/tensor.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { cut } from "../../toolkit/passes/cut.ts";
import { cutPoints, segmentsOf } from "../../toolkit/passes/find-cuts.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { parametersOf } from "../../toolkit/passes/parameters.ts";
import { architectures, readArchitecture } from "./architecture-files.ts";
import { conv3, norm, smallGraph } from "./small-graph.ts";

/** What a cut point is, tried on every value: what lies behind it reads nothing else of the picture, and there are weights on both sides, none on both. */
function byTrying(graph: Graph): readonly string[] {
  const outputs = graph.outputs.map((v) => v.name);
  const weights = parametersOf(graph);
  const values = graph.nodes.flatMap((node) => node.outputs);
  return values
    .filter(({ name, dtype, shape }) => {
      if (dtype !== "float32" || shape[0] !== "N" || shape.slice(1).some((dim) => typeof dim === "string"))
        return false;
      const behind = cut(graph, { inputs: [name], outputs });
      const front = cut(graph, { outputs: [name] });
      const [back, before] = [behind, front].map((part) => weights.filter((w) => part.constants.has(w)));
      const isRead = front.inputs.length > 0 && !outputs.includes(name);
      return isRead && behind.inputs.length === 1 && disjoint(back ?? [], before ?? []);
    })
    .map((v) => v.name);
}

function disjoint(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && b.length > 0 && !a.some((name) => b.includes(name));
}

const names = (graph: Graph): readonly string[] => cutPoints(graph).map((point) => point.value.name);
const starts = (graph: Graph): readonly (string | undefined)[] => segmentsOf(graph).map((s) => s.start?.value.name);

describe("passes/find-cuts", () => {
  for (const { name, sizePx } of architectures) {
    it(`cutPoints() finds what trying every value finds: ${name}`, () => {
      const graph = atPictureSize(normalise(readArchitecture(name)).graph, sizePx);
      const found = names(graph);
      assert.deepEqual(found, byTrying(graph));
      assert.ok(found.length > 4);
      const segments = segmentsOf(graph);
      assert.deepEqual(
        segments.flatMap((s) => s.nodes),
        graph.nodes,
        "the parts are the whole",
      );
      assert.ok(segments.every((s) => s.parameters.length > 0));
    });
  }

  it("cutPoints() counts the numbers of one photo", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => [conv3(b, b.op("Relu", [conv3(b, x, "a", 4)]), "b", 2)]);
    assert.deepEqual(
      cutPoints(graph).map((point) => [point.index, point.elements]),
      [
        [0, 4 * 64],
        [1, 4 * 64],
      ],
    );
  });

  it("cutPoints() gives none that a way leads past, that a weight is read across, or without weights on both sides", () => {
    const past = smallGraph(["N", 3, 8, 8], (b, x) => {
      const a = conv3(b, x, "a", 3);
      return [b.op("Add", [conv3(b, a, "b", 3), x], {}, { outputs: ["y"] })];
    });
    assert.deepEqual(names(past), []);
    const shared = smallGraph(["N", 3, 8, 8], (b, x) => {
      const a = b.op("Relu", [conv3(b, x, "a", 3)], {}, { outputs: ["first"] });
      const weight = b.value("a.weight");
      const again = b.op("Conv", [a, weight], { pads: [1, 1, 1, 1] }, { outputs: ["again"] });
      return [conv3(b, again, "c", 2)];
    });
    assert.deepEqual(names(shared), ["again"]);
    const one = smallGraph(["N", 3, 8, 8], (b, x) => [b.op("Relu", [b.op("Sigmoid", [conv3(b, x, "a", 2)])])]);
    assert.deepEqual(names(one), []);
  });

  it("cutPoints() gives none whose extents are not known, or whose first one is not the photos'", () => {
    const graph = smallGraph(["N", 3, "H", "W"], (b, x) => [conv3(b, conv3(b, x, "a", 3), "b", 2)]);
    assert.deepEqual(names(graph), []);
    assert.deepEqual(names(atPictureSize(graph, 8)), ["a.out"]);
    const turned = smallGraph(["N", 4, 4], (b, x) => {
      const weight = b.constant({ dtype: "float32", shape: [4, 4], data: new Float32Array(16).fill(1) }, "w");
      const other = b.constant({ dtype: "float32", shape: [4, 4], data: new Float32Array(16).fill(2) }, "v");
      const product = b.op("MatMul", [x, weight], {}, { outputs: ["p"] });
      const t = b.op("Transpose", [product], { perm: [1, 0, 2] }, { outputs: ["t"] });
      return [b.op("MatMul", [t, other], {}, { outputs: ["q"] })];
    });
    assert.deepEqual(names(turned), ["p"]);
  });

  it("segmentsOf() cuts where there are fewest numbers, behind the norm, and never passes a Dropout", () => {
    const graph = smallGraph(["N", 3, 8, 8], (b, x) => {
      const a = b.op("Relu", [norm(b, conv3(b, x, "a", 4), "bn")], {}, { outputs: ["relu"] });
      const pooled = b.op("MaxPool", [a], { kernel_shape: [2, 2], strides: [2, 2] }, { outputs: ["pool"] });
      const dropped = b.op("Dropout", [pooled, b.constant(scalar(0.5))], {}, { outputs: ["dropped"] });
      const small = b.op("GlobalAveragePool", [dropped], {}, { outputs: ["small"] });
      return [conv3(b, small, "c", 2)];
    });
    assert.deepEqual(names(graph), ["a.out", "bn.out", "relu", "pool", "dropped", "small"]);
    assert.deepEqual(starts(graph), [undefined, "pool"]);
    const [stem, head] = segmentsOf(graph);
    assert.deepEqual(stem?.parameters, ["a.weight", "bn.weight", "bn.bias"]);
    assert.deepEqual(
      head?.nodes.map((node) => node.op),
      ["Dropout", "GlobalAveragePool", "Conv"],
    );
  });
});
