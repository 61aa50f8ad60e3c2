import assert from "node:assert/strict";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/train, from scratch", () => {
  const at = temporaryFolder();

  it("train --mode scratch takes an architecture by its name, at the size asked for and for the classes of the data", async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 10, validation: 5 });
    const small = [
      "--size",
      "16",
      "--epochs",
      "15",
      "--batch",
      "10",
      "--rate",
      "0.01",
      "--no-augment",
      "--threads",
      "1",
    ];
    const places = ["--out", at("run"), "--cache", at("cache"), "--json"];
    const words = ["train", at("photos"), "--mode", "scratch", "--model", "mlp-dropout", ...small, ...places];
    const { code, stdout, stderr } = await runHere(words);
    assert.equal(code, 0, stderr);
    const result = jsonLines(stdout).at(-1);
    assert.deepEqual([result?.["type"], result?.["classes"]], ["result", ["blue", "green", "red"]]);
    assert.ok(Number(result?.["top1"]) >= 0.9, `accuracy ${String(result?.["top1"])}`);
  });

  it("train refuses an architecture in the modes that need weights, and says the way out", async () => {
    await writeToyPhotos(at("few"), { train: 2, validation: 1 });
    const { code, stderr } = await runHere(["train", at("few"), "--model", "small-cnn", "--out", at("none")]);
    assert.equal(code, 1);
    assert.match(stderr, /E_MODEL_UNKNOWN[^]*--mode scratch --model small-cnn/);
  });

  it("train --mode scratch names the nearest architecture", async () => {
    const words = ["train", at("few"), "--mode", "scratch", "--model", "smal-cnn", "--out", at("none")];
    const { code, stderr } = await runHere(words);
    assert.equal(code, 1);
    assert.match(stderr, /did you mean small-cnn/);
  });
});
