import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/train, mixed precision", () => {
  const at = temporaryFolder();
  const small = ["--size", "16", "--batch", "10", "--rate", "0.01", "--no-augment", "--threads", "1"];

  it("train --precision mixed learns, says so in config.json, and exports weights in float32", async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 10, validation: 5 });
    const network = ["--mode", "scratch", "--model", "mlp-dropout", "--epochs", "15", "--precision", "mixed"];
    const places = ["--out", at("run"), "--cache", at("cache"), "--json"];
    const { code, stdout, stderr } = await runHere(["train", at("photos"), ...network, ...small, ...places]);
    assert.equal(code, 0, stderr);
    assert.ok(Number(jsonLines(stdout).at(-1)?.["top1"]) >= 0.9, stdout);
    const config = JSON.parse(await readFile(at("run", "config.json"), "utf8")) as { precision?: string };
    assert.equal(config.precision, "mixed");
    assert.match(stderr, /mixed precision: the processor computes in float32 all the same/);
    // the step keeps a scale of the loss
    const checkpoints = at("run", "checkpoints");
    const step = (await readdir(checkpoints)).find((name) => name.startsWith("step-"));
    const saved = await readFile(join(checkpoints, step ?? ""));
    assert.ok(saved.includes("step/loss-scale"));
    const inspected = await runHere(["inspect", at("run", "model.onnx"), "--json"]);
    assert.doesNotMatch(inspected.stdout, /float16/i);
  });

  it("train refuses --precision mixed where the head alone is trained", async () => {
    await writeToyPhotos(at("few"), { train: 2, validation: 1 });
    const words = ["train", at("few"), "--mode", "frozen", "--precision", "mixed", "--out", at("none")];
    const { code, stderr } = await runHere(words);
    assert.equal(code, 2);
    assert.match(stderr, /E_SETTING\]: Cannot train with precision "mixed" in mode "frozen"/);
  });
});
