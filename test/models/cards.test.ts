import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { cards, findCard } from "../../models/cards.ts";
import { cardLabels, imagenetClasses } from "../../models/imagenet.ts";
import { packageFile } from "../../models/package-file.ts";

const unknown = (hint: RegExp): object => ({ code: "E_MODEL_UNKNOWN", hint });

describe("models/cards", () => {
  it("findCard() finds names and aliases, whatever their case and dashes", () => {
    assert.equal(findCard("resnet18").opset, 17);
    assert.equal(findCard("resnet18-tiny-imagenet"), findCard("bundled"));
    assert.equal(findCard(" MobileNet_V2 ").name, "mobilenet-v2");
  });

  it("findCard() names the nearest cards, or all where none is near", () => {
    assert.throws(() => findCard("resnet81"), unknown(/^did you mean resnet18/));
    assert.throws(() => findCard("densenet"), unknown(/densenet121/));
    assert.throws(() => findCard("transformer-xxl-huge"), unknown(/^known models: bundled, resnet18,/));
    assert.throws(() => findCard(""), unknown(/known models/));
  });

  it("every name, alias and digest stands once", () => {
    const names = cards.flatMap((c) => [c.name, ...(c.aliases ?? [])]);
    assert.equal(new Set(names).size, names.length);
    assert.equal(new Set(cards.map((c) => c.sha256)).size, cards.length);
  });

  for (const card of cards) {
    it(`${card.name} is complete: digest, two places unless bundled, labels`, () => {
      assert.match(card.sha256, /^[0-9a-f]{64}$/);
      assert.equal(card.source.length, card.bundled ? 0 : 2);
      for (const url of card.source) assert.match(url, /^https:\/\/[\w.]+\/(onnxmodelzoo|onnx)\/[\w./-]+\.onnx$/);
      const unnamed = card.source.filter((url) => !url.endsWith(`/${card.file}`));
      assert.deepEqual(unnamed, []);
      assert.equal(cardLabels(card).length, card.bundled ? 200 : 1000);
    });
  }

  it("places follow the model zoo's two patterns", () => {
    assert.deepEqual(findCard("resnet18").source, [
      "https://huggingface.co/onnxmodelzoo/resnet18_Opset17_torch_hub/resolve/main/resnet18_Opset17.onnx",
      "https://github.com/onnx/models/raw/main/Computer_Vision/resnet18_Opset17_torch_hub/resnet18_Opset17.onnx",
    ]);
    assert.deepEqual(findCard("resnet18-zoo-v1").source, [
      "https://huggingface.co/onnxmodelzoo/resnet18-v1-7/resolve/main/resnet18-v1-7.onnx",
      "https://github.com/onnx/models/raw/main/validated/vision/classification/resnet/model/resnet18-v1-7.onnx",
    ]);
  });

  it("the bundled file is the one on its card", async () => {
    const card = findCard("bundled");
    const file = await readFile(packageFile(card.file));
    assert.equal(file.length, card.bytes);
    assert.equal(createHash("sha256").update(file).digest("hex"), card.sha256);
  });
});

describe("models/imagenet", () => {
  it("names the 1000 classes in the usual order, each once", () => {
    const names = imagenetClasses();
    assert.equal(new Set(names).size, 1000);
    const known = {
      0: "tench",
      1: "goldfish",
      88: "macaw",
      281: "tabby",
      292: "tiger",
      526: "desk",
      999: "toilet tissue",
    };
    for (const [index, name] of Object.entries(known)) assert.equal(names[Number(index)], name);
  });

  it("the bundled labels are names, each once", () => {
    const names = cardLabels(findCard("bundled"));
    assert.equal(names[0], "goldfish");
    assert.equal(new Set(names).size, 200);
  });
});

describe("models/package-file", () => {
  it("says which file the package lacks", () => {
    assert.throws(() => packageFile("models/missing.json"), {
      code: "E_MODEL_NOT_FOUND",
      message: /models\/missing\.json/,
    });
  });
});
