import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { inspectModel } from "../../toolkit/report/inspect.ts";
import type { Inspection } from "../../toolkit/report/inspect.ts";
import { forms, readForm } from "../passes/form-files.ts";
import { random, rawModel } from "../passes/raw-model.ts";
import { itShared } from "../support/fixtures.ts";

describe("report/inspect", () => {
  for (const [name, form] of forms) {
    it(`inspectModel() describes the form ${name}`, () => {
      const report = inspectModel(readForm(name));
      assert.equal(report.opset, form.opset);
      assert.deepEqual(report.inputs, [{ name: form.input, dtype: "float32", shape: ["N", 3, "H", "W"] }]);
      assert.equal(report.declaredSizePx, form.size);
      assert.equal(report.sizePx, form.size ?? 224);
      assert.equal(report.head?.weight, form.headWeight);
      assert.equal(report.head?.features, form.headInputs);
      assert.equal(report.head?.classes, 10);
      assert.equal(report.batchNorm, form.batchNorm === "nodes" ? "has-batch-norm" : "folded");
      assert.deepEqual(
        [report.unsupported, report.withoutGradient, report.noHead, report.sizeDependence],
        [[], [], null, null],
      );
      assert.deepEqual(JSON.parse(JSON.stringify(report)), report);
      const convs = report.layers.filter((layer) => layer.operator === "Conv");
      if (!name.startsWith("mxnet-v2")) assert.equal(convs.at(-1)?.receptiveFieldPx, 435);
    });
  }

  it("inspectModel() counts every layer at the size asked for", () => {
    const { layers, totals } = inspectModel(readForm("opset13"), { sizePx: 32 });
    const [conv, norm, , pool] = layers;
    // 7x7 filters over 3 channels, 8 of them, on 16x16 positions
    assert.deepEqual([conv?.output, conv?.parameters, conv?.multiplyAdds], [[1, 8, 16, 16], 1176, 1176 * 256]);
    assert.deepEqual([norm?.parameters, norm?.multiplyAdds], [16, 0]);
    assert.deepEqual([pool?.operator, pool?.output, pool?.receptiveFieldPx], ["MaxPool", [1, 8, 8, 8], 11]);
    const last = layers.at(-1);
    assert.deepEqual(
      [last?.operator, last?.parameters, last?.multiplyAdds, last?.receptiveFieldPx],
      ["Gemm", 250, 240, null],
    );
    assert.equal(totals.layers, layers.length);
  });

  it("inspectModel() adds up parameters, running statistics and memory for one picture", () => {
    const { layers, totals } = inspectModel(readForm("opset13"), { sizePx: 32 });
    assert.equal(
      totals.parameters,
      layers.reduce((sum, layer) => sum + layer.parameters, 0),
    );
    assert.equal(totals.parameterBytes, 4 * totals.parameters);
    assert.equal(totals.inputBytes, 4 * 3 * 32 * 32);
    const norms = layers.filter((layer) => layer.operator === "BatchNormalization");
    // as many means and variances as scales and shifts
    assert.equal(
      totals.statistics,
      norms.reduce((sum, layer) => sum + layer.parameters, 0),
    );
    assert.ok(totals.statistics > 0);
    const elements = layers.map(({ output }) => output.reduce<number>((product, dim) => product * Number(dim), 1));
    assert.equal(totals.activationBytes, 4 * elements.reduce((a, b) => a + b, 0));
  });

  it("inspectModel() says why there is no head, and names operators that are not supported", () => {
    const relu = rawModel({
      opset: 17,
      inputs: { x: ["N", 3, 8, 8] },
      nodes: [["Relu", ["x"], ["y"]]],
      outputs: ["y"],
    });
    const headless = inspectModel(relu);
    assert.equal(headless.head, null);
    assert.deepEqual(headless.cuts, []);
    assert.match(headless.noHead ?? "", /Relu/);
    assert.equal(headless.batchNorm, "none");
    const nodes = [["NonMaxSuppression", ["x"], ["y"]]] as const;
    const unknown = inspectModel(rawModel({ opset: 17, inputs: { x: ["N", 3, 8, 8] }, nodes, outputs: ["y"] }));
    assert.deepEqual([unknown.unsupported, unknown.layers, unknown.inputs[0]?.name], [["NonMaxSuppression"], [], "x"]);
  });

  it("inspectModel() lists the cut points, with what lies behind each and the stages that begin there", () => {
    const { cuts, totals, layers } = inspectModel(readForm("opset13"), { sizePx: 64 });
    assert.deepEqual(
      cuts.map(({ unfreeze, shape }) => [unfreeze, shape.join("x")]),
      [
        [4, "8x16x16"],
        [null, "8x16x16"],
        [3, "8x16x16"],
        [null, "16x8x8"],
        [2, "16x8x8"],
        [null, "16x4x4"],
        [1, "16x4x4"],
        [null, "24x2x2"],
        [0, "24"],
      ],
    );
    const head = layers.at(-1);
    const shares = cuts.map((c) => [c.parameterShare, c.multiplyAddShare]);
    assert.deepEqual(shares.at(-1), [
      (head?.parameters ?? 0) / totals.parameters,
      (head?.multiplyAdds ?? 0) / totals.multiplyAdds,
    ]);
    const [stem] = layers;
    assert.equal(shares[0]?.[1], 1 - (stem?.multiplyAdds ?? 0) / totals.multiplyAdds);
  });

  it("inspectModel() stays at the declared size where the network depends on it", () => {
    const report: Inspection = inspectModel(
      rawModel({
        opset: 17,
        inputs: { x: [1, 3, 8, 8] },
        constants: { fc: random([192, 5]) },
        nodes: [
          ["Flatten", ["x"], ["flat"]],
          ["Gemm", ["flat", "fc"], ["y"], {}, "fc"],
        ],
        outputs: ["y"],
      }),
      { sizePx: 32 },
    );
    assert.match(report.sizeDependence ?? "", /fc/);
    assert.equal(report.sizePx, 8);
  });

  itShared(
    "inspectModel() counts 11,689,512 parameters and 1.81 GMAC for ResNet18",
    "models/resnet18-bn.onnx",
    (path) => {
      const { totals, layers } = inspectModel(decodeModel(readFileSync(path)));
      assert.equal(totals.parameters, 11_689_512);
      assert.equal(totals.multiplyAdds, 1_814_073_344);
      assert.equal(layers.findLast((layer) => layer.operator === "Conv")?.receptiveFieldPx, 435);
    },
  );
});
