import assert from "node:assert/strict";
import { architectureNames, architectures, findArchitecture } from "../../models/architectures.ts";
import { untrainedModel } from "../../models/untrained-model.ts";
import { inspectModel } from "../../toolkit/report/inspect.ts";
import type { Inspection } from "../../toolkit/report/inspect.ts";

function inspected(name: string, shape: { classes?: number; sizePx?: number } = {}): Inspection {
  const architecture = findArchitecture(name);
  assert.ok(architecture, name);
  const { model, rewrites = {} } = untrainedModel(architecture, shape);
  return inspectModel(model, { sizePx: shape.sizePx ?? architecture.sizePx, rewrites });
}

describe("models/architectures", () => {
  it("findArchitecture() finds names and aliases, whatever their case and dashes", () => {
    assert.equal(findArchitecture(" Small_CNN")?.name, "small-cnn");
    assert.equal(findArchitecture("dense")?.name, "mlp");
    assert.equal(findArchitecture("bundled"), undefined);
  });

  it("every name and alias stands once", () => {
    assert.equal(new Set(architectureNames()).size, architectureNames().length);
  });

  // the large ones take seconds to fill with random numbers, and differ in depth only
  for (const { name, sizePx } of architectures.filter((a) => a.sizePx < 64 && a.name !== "resnet34-cifar")) {
    it(`${name} has a head for the classes asked for, at ${sizePx} px, and a gradient everywhere`, () => {
      const found = inspected(name, { classes: 7 });
      assert.equal(found.head?.classes, 7);
      assert.equal(found.sizePx, sizePx);
      assert.deepEqual([found.withoutGradient, found.unsupported], [[], []]);
      // as the usual repositories for CIFAR-10 have it with 10 classes
      if (name === "resnet18-cifar") assert.equal(found.totals.parameters, 11_173_962 - 3 * 513);
    });
  }

  it("architectures that flatten are made for the size asked for", () => {
    for (const name of ["mlp", "convnet", "small-cnn", "two-layer-net", "linear"]) {
      const found = inspected(name, { sizePx: 40 });
      assert.equal(found.declaredSizePx, 40, name);
      assert.notEqual(found.sizeDependence, null, name);
    }
    assert.equal(inspected("residual-cnn", { sizePx: 40 }).sizeDependence, null);
  });

  it("untrainedModel() keeps its Dropout, and has a digest that follows from the seed", () => {
    const architecture = findArchitecture("mlp-dropout");
    assert.ok(architecture);
    const digests = [0, 0, 1].map((seed) => untrainedModel(architecture, { seed, sizePx: 8 }).sha256);
    assert.match(digests[0] ?? "", /^[0-9a-f]{64}$/);
    assert.equal(digests[0], digests[1]);
    assert.notEqual(digests[0], digests[2]);
    assert.equal(inspected("mlp-dropout").layers.filter((layer) => layer.operator === "Dropout").length, 2);
  });
});
