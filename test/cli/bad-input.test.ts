import assert from "node:assert/strict";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { openIndex } from "../../toolkit/search/open-index.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Value } from "../../toolkit/graph/ir.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { fixture } from "../support/fixtures.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import { PROGRAM, runHere, temporaryFolder } from "./cli-case.ts";
import type { Ended } from "./cli-case.ts";

const MODEL = fixture("resnet18-width8/bn.onnx");

/** One clear line, a hint, no stack trace, nothing on stdout. */
function assertRefused({ code, stdout, stderr }: Ended, expected: string, message: RegExp): void {
  const lines = stderr.trimEnd().split("\n");
  const at = lines.findIndex((line) => line.startsWith("error["));
  assert.ok(lines[at]?.startsWith(`error[${expected}]: Cannot `), stderr);
  assert.match(lines[at] ?? "", message);
  assert.match(lines[at + 1] ?? "", /^hint: /);
  assert.equal(lines.length, at + 2, `the hint is the last line: ${stderr}`);
  assert.doesNotMatch(stderr, /\n\s+at /);
  assert.equal(code, 1);
  assert.equal(stdout, "");
}

/** A 3x3 convolution of pictures, and what `rest` makes of it. */
function smallModel(rest: (b: GraphBuilder, map: Value) => Value): Uint8Array {
  const b = new GraphBuilder(operators);
  const x = b.input("x", "float32", ["N", 3, 32, 32]);
  const weight = b.constant(float32([4, 3, 3, 3], new Float32Array(108).fill(0.1)), "conv.weight");
  const output = rest(b, b.op("Conv", [x, weight], { pads: [1, 1, 1, 1] }, { name: "conv" }));
  return encodeModel({ graph: b.build([output]), opsets: new Map([["", 17]]), metadata: new Map() });
}

describe("cli, bad input", () => {
  const at = temporaryFolder();
  before(async () => {
    await writeToyPhotos(at("photos"), { train: 6, validation: 3 });
    const photo = at("photos/train/red/red-0.png");
    for (const folder of ["one/cats", "none", "mixed/train/cats", "mixed/dogs", "loose/cats", "loose/dogs"]) {
      await mkdir(at(folder), { recursive: true });
    }
    for (const copy of [
      "one/cats/a",
      "mixed/train/cats/a",
      "mixed/dogs/a",
      "loose/a",
      "loose/cats/a",
      "loose/dogs/a",
    ]) {
      await copyFile(photo, at(`${copy}.png`));
    }
    await writeFile(at("empty.onnx"), "");
    await writeFile(at("page.onnx"), "<!DOCTYPE html><html><body>Not found</body></html>");
    await writeFile(at("pointer.onnx"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 123\n");
    await writeFile(at("torch.onnx"), `PK\u0003\u0004${"0".repeat(26)}archive/data.pkl`);
    await writeFile(at("cut.onnx"), (await readFile(MODEL)).subarray(0, 300_000));
    await writeFile(
      at("headless.onnx"),
      smallModel((b, map) => b.op("Relu", [map], {}, { name: "last" })),
    );
    await writeFile(
      at("product.onnx"),
      smallModel((b, map) => {
        const square = b.constant(float32([4, 4], new Float32Array(16)), "square");
        const features = b.op("Einsum", [map, square], { equation: "nchw,cc->nc" }, { name: "product" });
        const weight = b.constant(float32([5, 4], new Float32Array(20)), "fc.weight");
        return b.op("Gemm", [features, weight], { transB: 1 }, { name: "fc" });
      }),
    );
  });

  const files: readonly (readonly [string, string, RegExp])[] = [
    ["missing.onnx", "E_MODEL_NOT_FOUND", /missing\.onnx/],
    ["empty.onnx", "E_MODEL_EMPTY", /it is empty/],
    ["page.onnx", "E_MODEL_NOT_ONNX", /HTML page/],
    ["pointer.onnx", "E_MODEL_NOT_ONNX", /Git LFS pointer/],
    ["torch.onnx", "E_MODEL_NOT_ONNX", /PyTorch/],
    ["cut.onnx", "E_MODEL_TRUNCATED", /ends early/],
  ];
  for (const [name, code, message] of files) {
    it(`${name} as the model: ${code}`, async () => {
      for (const words of [
        ["inspect", at(name)],
        ["label", at(name), at("photos")],
        ["train", at("photos"), "--model", at(name), "--out", at("run")],
      ])
        assertRefused(await runHere(words), code, message);
      assert.equal(await stat(at("run")).catch(() => undefined), undefined, "no run folder is made");
    });
  }

  const data: readonly (readonly [string, string, RegExp])[] = [
    ["nowhere", "E_DATA_NOT_FOUND", /nowhere/],
    ["one", "E_DATA_ONE_CLASS", /found only "cats"/],
    ["none", "E_DATA_EMPTY", /no photo/],
    ["mixed", "E_DATA_LAYOUT", /train\/ stands beside "dogs"/],
    ["loose", "E_DATA_LAYOUT", /a photo lies directly in it/],
  ];
  for (const [name, code, message] of data) {
    it(`the folder "${name}" as training data: ${code}`, async () => {
      assertRefused(await runHere(["train", at(name), "--model", MODEL, "--out", at("run")]), code, message);
    });
  }

  const train = (...words: readonly string[]): Promise<Ended> =>
    runHere(["train", at("photos"), "--size", "32", "--threads", "1", "--cache", at("cache"), "--model", ...words]);

  it("a graph without a head: says what it found and which option names one, and leaves no folder behind", async () => {
    const ended = await train(at("headless.onnx"), "--out", at("headless"));
    assertRefused(ended, "E_NO_HEAD", /made by Relu "last"/);
    assert.match(ended.stderr, /hint: .*--head NODE.*--features VALUE/);
    assert.equal(await stat(at("headless")).catch(() => undefined), undefined);
  });

  it("inspect shows such a graph all the same", async () => {
    const { code, stdout } = await runHere(["inspect", at("headless.onnx")]);
    assert.equal(code, 0);
    assert.match(stdout, /head: +not found: .*Relu "last"/);
  });

  it("an operator without gradient in a trained part: named with its node, before the first step", async () => {
    const ended = await train(at("product.onnx"), "--mode", "full", "--out", at("product"));
    assertRefused(ended, "E_NO_GRADIENT", /Einsum "product"/);
    assert.match(ended.stderr, /hint: .*--mode frozen/);
  });

  it("a head or a value that is not there", async () => {
    assertRefused(await train(MODEL, "--head", "nix", "--out", at("nix")), "E_NO_HEAD", /no node is called "nix"/);
    assertRefused(await train(MODEL, "--features", "nix", "--out", at("nix")), "E_NO_VALUE", /"nix"/);
  });

  it("a run folder that is not empty, and one to resume that is none, stay as they are", async () => {
    assertRefused(await train(MODEL, "--out", at("one")), "E_RUN_FOLDER", /is not empty/);
    assertRefused(await train(MODEL, "--out", at("one"), "--resume"), "E_RUN_FOLDER", /holds no checkpoints/);
    assertRefused(await train(MODEL, "--out", at("never"), "--resume"), "E_RUN_FOLDER", /holds no checkpoints/);
    assert.deepEqual(await readdir(at("one")), ["cats"]);
    assert.equal(await stat(at("never")).catch(() => undefined), undefined);
  });

  it("an unknown model: did you mean", async () => {
    const ended = await train("resnt18");
    assertRefused(ended, "E_MODEL_UNKNOWN", /"resnt18"/);
    assert.match(ended.stderr, /did you mean resnet18/);
    // before the photos are read, which may take long
    assertRefused(await runHere(["train", at("one"), "--model", "resnt18"]), "E_MODEL_UNKNOWN", /"resnt18"/);
  });

  it("a downloaded model without a network: says what works offline", async () => {
    process.env["ONNX_GRAFT_OFFLINE"] = "1";
    try {
      const ended = await train("resnet18");
      assertRefused(ended, "E_OFFLINE", /offline/);
      assert.match(ended.stderr, /hint: .*bundled/);
    } finally {
      delete process.env["ONNX_GRAFT_OFFLINE"];
    }
  });

  it("a search in an index that is not there makes none", async () => {
    assertRefused(await runHere(["search", "cat", "--index", at("no.db")]), "E_STORE", /no such file/);
    assert.equal(await stat(at("no.db")).catch(() => undefined), undefined);
  });

  it("a bad query names the column, and an unknown label what is known", async () => {
    const index = await openIndex(at("photos.db"));
    await index.addLabels(["cat"]);
    await index.close();
    const search = (query: string): Promise<Ended> => runHere(["search", query, "--index", at("photos.db")]);
    assertRefused(await search("cat AND"), "E_QUERY", /column 8/);
    assertRefused(await search("cta"), "E_QUERY_LABEL", /"cta"/);
    assertRefused(await search("cat:80"), "E_QUERY", /between 0 and 1/);
  });

  describe("while training", () => {
    before(function () {
      if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    });

    it("a rate that makes the loss non-finite: stops, says at which step, and leaves nothing useless", async () => {
      const full = await train(MODEL, "--mode", "full", "--rate", "1e6", "--out", at("diverged"), "--json");
      assertRefused(full, "E_NONFINITE_LOSS", /at step \d+ \(rate \d/);
      assert.match(full.stderr, /nothing was exported[^]*hint: try a lower rate, such as --rate \d/);
      assert.equal(await stat(at("diverged")).catch(() => undefined), undefined);
    });

    it("where an epoch had ended before, its weights are exported, and they work", async () => {
      const out = at("rescued");
      const { code, stderr } = await train(MODEL, "--head-epochs", "2", "--rate", "1e6", "--out", out);
      assert.equal(code, 1);
      assert.match(stderr, /kept the best weights before the failure/);
      assert.match(stderr, /error\[E_NONFINITE_LOSS\]/);
      const labelled = await runHere(["label", `${out}/model.onnx`, at("photos/val"), "--json"]);
      assert.equal(labelled.code, 0);
      assert.equal(labelled.stdout.trimEnd().split("\n").length, 9);
    });

    it("unreadable photos: counted, listed, exit code 3 above --max-bad", async () => {
      await mkdir(at("some"));
      await copyFile(at("photos/val/red/red-0.png"), at("some/good.png"));
      await writeFile(at("some/bad.jpg"), "no picture");
      await writeFile(at("some/notes.txt"), "no picture, and not called one");
      const label = (maxBad: string): Promise<Ended> =>
        runHere(["label", MODEL, at("some"), "--json", "--max-bad", maxBad]);
      const strict = await label("0.1");
      assert.equal(strict.code, 3);
      assert.match(strict.stderr, /left out 1 file[^]*notes\.txt/);
      assert.match(strict.stderr, /1 of 2 photos could not be read[^]*error\[E_TOO_MANY_BAD\]/);
      const lines = strict.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as { error?: { code: string } });
      assert.deepEqual(
        lines.map((line) => line.error?.code),
        ["E_IMAGE_FORMAT", undefined],
      );
      assert.equal((await label("0.5")).code, 0);
    });

    it("a folder without photos: said", async () => {
      const { code, stderr } = await runHere(["label", MODEL, at("none")]);
      assert.match(stderr, /there is no photo in ".*none"/);
      assert.equal(code, 0);
    });

    it("photos of classes that the model does not know", async () => {
      assertRefused(await runHere(["evaluate", MODEL, at("photos")]), "E_DATA_CLASSES", /"blue"/);
    });
  });
});
