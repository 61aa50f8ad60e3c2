import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { copyFile, mkdir } from "node:fs/promises";
import sharp from "sharp";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

const MODEL = fixture("resnet18-width8/folded.onnx");

describe("cli/commands/export", () => {
  const at = temporaryFolder();

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ["without a precision", [], /one of --float16 and --int8/],
    ["with both", ["--float16", "--int8", "--photos", "p"], /one of --float16 and --int8/],
    ["as int8 without photos", ["--int8"], /--photos FOLDER/],
    ["onto the model itself", ["--float16", "--out", MODEL], /the model itself/],
    ["with other bits", ["--int8", "--photos", "p", "--weight-bits", "4"], /expected 7 or 8/],
  ];
  for (const [how, words, message] of wrong) {
    it(`refuses to export ${how}`, async () => {
      const { code, stderr } = await runHere(["export", MODEL, ...words]);
      assert.equal(code, 2);
      assert.match(stderr, message);
    });
  }

  describe("with photos", function () {
    before(async function () {
      if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
      await writeToyPhotos(at("photos"), { train: 1, validation: 4, sizePx: 64 });
      await mkdir(at("black"));
      await sharp({ create: { width: 64, height: 64, channels: 3, background: "#000" } })
        .png()
        .toFile(at("black", "black.png"));
    });

    const badly = (file: string): readonly string[] => {
      return ["export", MODEL, "--int8", "--photos", at("photos"), "--calibrate", at("black"), "--out", file];
    };

    it("refuses what loses too much, and names the way out", async () => {
      const refused = await runHere(badly(at("lost.onnx")));
      assert.equal(refused.code, 1);
      assert.match(
        refused.stderr,
        /error\[E_ACCURACY_LOSS\]: Cannot keep the int8 model: \d+ of 15 photos get another label/,
      );
      assert.match(refused.stderr, /--max-loss POINTS.*--force/);
      assert.match(refused.stdout, /calibrated on 1 photo/);
      assert.ok(!existsSync(at("lost.onnx")));
    });

    it("writes it all the same with --force: a file that labels, and says what it is", async () => {
      const file = at("forced.onnx");
      const done = await runHere([...badly(file), "--force", "--json"]);
      assert.equal(done.code, 0, done.stderr);
      const [line] = jsonLines(done.stdout);
      assert.deepEqual(
        [line?.["file"], line?.["precision"], line?.["photos"], line?.["top1"]],
        [file, "int8", 15, null],
      );
      assert.ok(Number(line?.["agreement"]) < 0.99, String(line?.["agreement"]));
      assert.equal((line?.["speed"] as unknown[] | undefined)?.length, 2);
      const labelled = await runHere(["label", file, at("photos", "val"), "--json"]);
      assert.equal(labelled.code, 0, labelled.stderr);
      assert.equal(jsonLines(labelled.stdout).length, 12);
      const inspected = await runHere(["inspect", file]);
      assert.match(inspected.stdout, /^precision: +int8/m);
    });

    it("writes float16 beside the model's name, without photos", async () => {
      const model = at("model.onnx");
      await copyFile(MODEL, model);
      const { code, stdout, stderr } = await runHere(["export", model, "--float16"]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /its answers were not measured/);
      assert.ok(existsSync(at("model.float16.onnx")));
    });
  });
});
