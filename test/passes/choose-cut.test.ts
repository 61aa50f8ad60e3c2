import assert from "node:assert/strict";
import type { Graph } from "../../toolkit/graph/ir.ts";
import { atPictureSize } from "../../toolkit/passes/at-picture-size.ts";
import { chooseCut } from "../../toolkit/passes/choose-cut.ts";
import type { CutChoice } from "../../toolkit/passes/choose-cut.ts";
import { findHead } from "../../toolkit/passes/find-head.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { readArchitecture } from "./architecture-files.ts";

const read = (name: string): Graph => atPictureSize(normalise(readArchitecture(name)).graph, 64);

describe("passes/choose-cut", () => {
  const old = read("resnet50-old");
  const features = findHead(old).feature.name;
  const at = (choice: Omit<CutChoice, "features">): string => chooseCut(old, { features, ...choice }).value.name;

  it("chooseCut() counts stages from the head, and takes the last where nothing is said", () => {
    assert.equal(at({}), "/layer2/layer2.1/Relu_output_0");
    assert.equal(at({ unfreeze: 1 }), at({}));
    assert.equal(at({ unfreeze: 3 }), "/stem/stem.3/MaxPool_output_0");
    assert.throws(() => at({ unfreeze: 4 }), {
      code: "E_SETTING",
      message: "Cannot unfreeze 4 stages: the network has 3 behind its first one",
      hint: /--mode full/,
    });
  });

  it("chooseCut() cuts at a value, and in front of a layer, a group of layers or a weight", () => {
    assert.equal(at({ trainFrom: "/layer1/layer1.0/Relu_output_0" }), "/layer1/layer1.0/Relu_output_0");
    assert.equal(at({ trainFrom: "/layer1/layer1.0/Add_output_0" }), "/layer1/layer1.0/Add_output_0");
    assert.equal(at({ trainFrom: "layer2" }), "/layer1/layer1.1/Relu_output_0");
    assert.equal(at({ trainFrom: "layer2.1" }), "/layer2/layer2.0/Relu_output_0");
    assert.equal(at({ trainFrom: "layer2.1.conv2" }), "/layer2/layer2.0/Relu_output_0");
    assert.equal(at({ trainFrom: "/layer2/layer2.0/conv1/conv1.0/Conv" }), "/layer1/layer1.1/Relu_output_0");
    assert.equal(at({ trainFrom: "fc" }), features);
    const now = read("resnet50-new");
    const names = ["layer2", "layer2.1.conv2.0.weight"].map(
      (trainFrom) => chooseCut(now, { features: findHead(now).feature.name, trainFrom }).value.name,
    );
    assert.deepEqual(names, ["relu_6", "relu_9"], "the current exporter names weights, not layers");
  });

  it("chooseCut() says what stands in the way of a name, and which places are near", () => {
    const refused = (trainFrom: string, message: string, hint: RegExp): void =>
      assert.throws(() => at({ trainFrom }), { code: "E_SETTING", message, hint });
    refused(
      "layr2",
      'Cannot train from "layr2": no value, layer or weight of the network is called so',
      /^did you mean "layer2"/,
    );
    refused(
      "/layer2/layer2.0/conv1/conv1.1/Relu_output_0",
      'Cannot train from "/layer2/layer2.0/conv1/conv1.1/Relu_output_0": no value, layer or weight of the network is called so',
      /inspect MODEL/,
    );
    refused(
      "/layer2/layer2.0/conv3/conv3.0/Conv_output_0",
      'Cannot train from "/layer2/layer2.0/conv3/conv3.0/Conv_output_0": other values go past it',
      /^the cut points next to it: "\/layer1\/layer1.1\/Relu_output_0" and "\/layer2\/layer2.0\/Add_output_0"/,
    );
    for (const name of ["stem", "/stem/stem.0/Conv", "onnx::Conv_181"]) {
      refused(name, `Cannot train from "${name}": nothing in front of it has weights`, /--mode full/);
    }
    refused(
      old.outputs[0]?.name ?? "",
      `Cannot train from "${old.outputs[0]?.name ?? ""}": it is a part of the head`,
      /cut point/,
    );
  });
});
