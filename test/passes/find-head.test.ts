import assert from "node:assert/strict";
import type { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Graph, Value } from "../../toolkit/graph/ir.ts";
import { findHead, lastLayer } from "../../toolkit/passes/find-head.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { forms, readForm } from "./form-files.ts";
import { random } from "./raw-model.ts";
import { conv3, smallGraph } from "./small-graph.ts";

/** A backbone of 6 features with `head` on it. */
function classifier(head: (b: GraphBuilder, feature: Value, map: Value) => Value): Graph {
  return smallGraph(["N", 3, "H", "W"], (b, x) => {
    const map = b.op("Relu", [conv3(b, x, "a", 6)], {}, { outputs: ["map"] });
    const feature = b.op("Flatten", [b.op("GlobalAveragePool", [map])], { axis: 1 }, { outputs: ["feature"] });
    return [head(b, feature, map)];
  });
}

const weight = (b: GraphBuilder, shape: readonly number[]): Value => b.constant(random(shape), "w");

describe("passes/find-head", () => {
  for (const [name, form] of forms) {
    it(`finds the head of ResNet18 in the form ${name}`, () => {
      const { graph } = normalise(readForm(name));
      const head = findHead(graph);
      assert.equal(head.features, form.headInputs);
      assert.deepEqual(head.feature.shape, ["N", form.headInputs]);
      assert.equal(head.classes, 10);
      assert.equal(head.weight, form.headWeight);
      assert.ok(head.bias !== undefined && graph.constants.has(head.bias));
      assert.deepEqual(head.logits.shape, ["N", 10]);
      if (!form.softmax) assert.equal(head.logits.name, form.output);
    });
  }

  it("looks behind softmax, temperature and reshaping", () => {
    const graph = classifier((b, f) => {
      const logits = b.op("Gemm", [f, weight(b, [6, 4])], {}, { outputs: ["scores"] });
      return b.op("Softmax", [b.op("Div", [b.op("Reshape", [logits, b.ints([0, 4])]), b.scalar(1.5)])], { axis: 1 });
    });
    const head = findHead(graph);
    assert.deepEqual([head.feature.name, head.weight, head.bias, head.classes], ["feature", "w", undefined, 4]);
  });

  it("prefers the output called logits, and passes over outputs without a head", () => {
    const graph = classifier((b, f) => b.op("Gemm", [f, weight(b, [4, 6])], { transB: 1 }, { outputs: ["logits"] }));
    const feature = graph.nodes.flatMap((n) => n.outputs).find((v) => v.name === "feature");
    assert.ok(feature);
    assert.equal(findHead({ ...graph, outputs: [feature, ...graph.outputs] }).logits.name, "logits");
  });

  it("takes MatMul, with an Add that is no Gemm too", () => {
    const product = classifier((b, f) => b.op("MatMul", [f, weight(b, [6, 4])]));
    assert.equal(findHead(product).classes, 4);
    const scalarBias = classifier((b, f) =>
      b.op("Add", [b.op("MatMul", [f, weight(b, [6, 4])]), b.constant(random([1]), "b")]),
    );
    assert.deepEqual([findHead(scalarBias).bias, findHead(scalarBias).nodes.length], ["b", 2]);
  });

  it("takes a 1x1 convolution in front of the pool (SqueezeNet) or behind it (MobileNet), and averages its map", () => {
    const squeeze = classifier((b, _f, map) => {
      const conv = b.op("Relu", [b.op("Conv", [map, weight(b, [4, 6, 1, 1])], {}, { name: "classifier" })]);
      return b.op("Flatten", [b.op("GlobalAveragePool", [conv])], { axis: 1 }, { outputs: ["y"] });
    });
    const head = findHead(squeeze);
    assert.deepEqual(
      [head.map?.name, head.feature.name, head.classes, head.logits.name],
      ["map", "map.pooled", 4, "y"],
    );
    assert.deepEqual(head.feature.shape, ["N", 6]);
    const mobile = classifier((b, _f, map) => {
      const pooled = b.op("GlobalAveragePool", [map], {}, { outputs: ["point"] });
      return b.op(
        "Reshape",
        [b.op("Conv", [pooled, weight(b, [4, 6, 1, 1])]), b.ints([0, -1])],
        {},
        { outputs: ["y"] },
      );
    });
    assert.deepEqual([findHead(mobile).map?.name, findHead(mobile).logits.shape], ["point", ["N", 4]]);
  });

  it("takes a node by its name or its output's, and a feature by its name", () => {
    const graph = classifier((b, f) => {
      const hidden = b.op(
        "Relu",
        [b.op("Gemm", [f, weight(b, [6, 5])], {}, { name: "fc1" })],
        {},
        { outputs: ["hidden"] },
      );
      return b.op("Gemm", [hidden, b.constant(random([5, 4]), "w2")], {}, { outputs: ["y"] });
    });
    assert.deepEqual(findHead(graph, { head: "fc1" }).feature.name, "feature");
    assert.deepEqual(findHead(graph, { head: "y" }).feature.name, "hidden");
    const named = findHead(graph, { feature: "feature" });
    assert.deepEqual(
      [named.feature.name, named.weight, named.logits.name, named.classes],
      ["feature", undefined, "y", 4],
    );
    assert.equal(findHead(graph, { feature: "hidden" }).weight, "w2");
    assert.deepEqual(findHead(graph, { feature: "map" }).feature, {
      name: "map.pooled",
      dtype: "float32",
      shape: ["N", 6],
    });
  });

  it("says what stands at the end where there is no head, and which options name it", () => {
    const headless = classifier((_b, f) => f);
    assert.throws(() => findHead(headless), {
      code: "E_NO_HEAD",
      message: /"feature" \[N,6\] made by Flatten/,
      hint: /--head NODE.*--features VALUE/,
    });
    assert.equal(lastLayer(headless), undefined);
    const map = classifier((_b, _f, m) => m);
    assert.throws(() => findHead(map), { code: "E_NO_HEAD", message: /Relu "map"/ });
    assert.throws(() => findHead(headless, { head: "nothing" }), { code: "E_NO_HEAD", message: /"nothing"/ });
    assert.throws(() => findHead(headless, { head: "feature" }), { code: "E_NO_HEAD", message: /Flatten "feature"/ });
    assert.throws(() => findHead(headless, { feature: "a.weight" }), { code: "E_NO_FEATURE" });
    assert.throws(() => findHead(headless, { feature: "nothing" }), { code: "E_NO_VALUE" });
  });
});
