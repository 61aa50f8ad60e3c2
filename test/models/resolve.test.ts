import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { DownloadOptions } from "../../models/download.ts";
import { resolveArchitecture, resolveModel } from "../../models/resolve.ts";
import { withFolder } from "./file-server.ts";

const noNetwork: DownloadOptions = {
  cacheFolder: "unused",
  environment: {},
  fetch: () => assert.fail("no request may be made"),
};

describe("models/resolve", () => {
  it("an existing path wins, even over a card of that name", () =>
    withFolder(async (folder) => {
      const path = join(folder, "resnet18");
      await writeFile(path, "");
      assert.deepEqual(await resolveModel(path, noNetwork), { path });
    }));

  it("takes the bundled weights where nothing is named, and says so", async () => {
    const { path, card, explanation } = await resolveModel(undefined, { ...noNetwork, offline: true });
    assert.equal(card?.name, "bundled");
    assert.ok(path.endsWith(join("models", "bundled", "resnet18-tiny-imagenet.onnx")));
    assert.match(explanation ?? "", /^no model given: .*bundled.*--model resnet18$/);
  });

  it("takes the bundled weights by name without a word", async () => {
    const { card, explanation } = await resolveModel("resnet18-tiny-imagenet", noNetwork);
    assert.deepEqual([card?.name, explanation], ["bundled", undefined]);
  });

  it("asks the network for a card that is not in the cache", () =>
    withFolder(async (cacheFolder) => {
      await assert.rejects(resolveModel("resnet18", { ...noNetwork, cacheFolder, offline: true }), {
        code: "E_OFFLINE",
      });
    }));

  it("a path that leads nowhere lists the names; a misspelt name gets the nearest", async () => {
    const missing = { code: "E_MODEL_NOT_FOUND", hint: /bundled, resnet18, / };
    for (const path of ["models/mine.onnx", "mine.onnx", "C:\\mine", "./resnet18x"]) {
      await assert.rejects(resolveModel(path, noNetwork), missing);
    }
    await assert.rejects(resolveModel("resnet19", noNetwork), { code: "E_MODEL_UNKNOWN", hint: /resnet18/ });
  });

  it("a misspelt architecture gets the nearest, where one may be named", async () => {
    const random = { ...noNetwork, weights: "random" } as const;
    await assert.rejects(resolveModel("smal-cnn", random), {
      code: "E_MODEL_UNKNOWN",
      hint: /did you mean .*small-cnn/,
    });
    await assert.rejects(resolveModel("smal-cnn", noNetwork), {
      code: "E_MODEL_UNKNOWN",
      hint: /^known models: bundled/,
    });
    await assert.rejects(resolveModel("./smal-cnn.onnx", random), { code: "E_MODEL_NOT_FOUND", hint: /small-cnn/ });
  });

  it("resolveArchitecture() gives way to a file, and to a card where trained weights come first", () =>
    withFolder(async (folder) => {
      const path = join(folder, "mlp");
      await writeFile(path, "");
      const names = async (nameOrPath: string | undefined): Promise<readonly (string | undefined)[]> => {
        const found = [];
        for (const weights of ["trained", "any", "random"] as const)
          found.push((await resolveArchitecture(nameOrPath, weights))?.name);
        return found;
      };
      assert.deepEqual(await names(path), [undefined, undefined, undefined]);
      assert.deepEqual(await names("ResNet18"), [undefined, undefined, "resnet18"]);
      assert.deepEqual(await names("mlp"), [undefined, "mlp", "mlp"]);
      assert.deepEqual(await names("nothing"), [undefined, undefined, undefined]);
      assert.deepEqual(await names(undefined), [undefined, undefined, undefined]);
    }));

  it("a folder is no model", () =>
    withFolder(async (folder) => {
      await assert.rejects(resolveModel(folder, noNetwork), { code: "E_MODEL_NOT_FOUND" });
    }));
});
