import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

const MODEL = fixture("resnet18-width8/bn.onnx");

/** What a run came to, without where it was written. */
function scores(stdout: string): object {
  const { top1, loss, stages } = jsonLines(stdout).at(-1) ?? {};
  return { top1, loss, stages };
}

describe("cli/config, end to end", () => {
  const at = temporaryFolder();
  before(async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 6, validation: 3 });
  });

  it("trains from a file, and again from the config.json of the run, to the same numbers", async () => {
    const config = {
      data: at("photos"),
      model: MODEL,
      mode: "full",
      epochs: 2,
      batch: 6,
      size: 32,
      rate: "auto",
      seed: 3,
      validationShare: 0.3,
      leaks: "report",
      mean: [0.5, 0.4, 0.3],
      std: [0.2, 0.2, 0.2],
      threads: 1,
      cropScale: 0.5,
      mixup: 0.2,
      augmentation: "rotate:degrees=10",
      optimizer: { name: "nesterov" },
      cache: at("cache"),
      json: true,
    };
    await writeFile(at("config.json"), JSON.stringify(config));
    const first = await runHere(["train", "--config", at("config.json"), "--out", at("first")]);
    assert.equal(first.code, 0, first.stderr);
    const words = ["--cache", at("cache"), "--json"];
    const again = ["train", "--config", at("first/config.json"), "--out", at("second"), ...words];
    const second = await runHere(again);
    assert.equal(second.code, 0, second.stderr);
    assert.deepEqual(scores(second.stdout), scores(first.stdout));
    const settings = async (folder: string): Promise<unknown> =>
      JSON.parse(await readFile(at(folder, "config.json"), "utf8"));
    assert.deepEqual(await settings("second"), await settings("first"));
    const { data, validationShare, leaks, mean, foundRates } = (await settings("first")) as Record<string, unknown>;
    assert.deepEqual([data, validationShare, leaks, mean], [at("photos"), 0.3, "report", "0.5,0.4,0.3"]);
    assert.ok(Number((foundRates as Record<string, unknown>)["network"]) > 0);
    const other = await runHere([...again.slice(0, 3), "--out", at("third"), "--seed", "4", ...words]);
    assert.equal(other.code, 0, other.stderr);
    assert.notDeepEqual(scores(other.stdout), scores(first.stdout), "the command line counts more");
  });

  it("evaluate and label --tta average several views of each photo", async () => {
    const model = at("first/model.onnx");
    const measured = async (...words: readonly string[]): Promise<Record<string, unknown>> => {
      const { code, stdout, stderr } = await runHere(["evaluate", model, at("photos"), "--json", ...words]);
      assert.equal(code, 0, stderr);
      return jsonLines(stdout)[0] ?? {};
    };
    const plain = await measured();
    const flipped = await measured("--tta", "flip");
    assert.equal(flipped["count"], plain["count"]);
    assert.notEqual(flipped["logLoss"], plain["logLoss"]);
    assert.deepEqual(await measured("--tta", "2"), flipped);
    const labelled = await runHere(["label", model, at("photos/val"), "--tta", "five", "--json"]);
    assert.equal(labelled.code, 0, labelled.stderr);
    assert.equal(jsonLines(labelled.stdout).length, 9);
  });

  it("--tta refuses views that there are not", async () => {
    for (const [text, message] of [
      [
        "flop",
        /Cannot use --tta "flop": expected a number of views, or one of flip, five, ten\nhint: did you mean "flip"/,
      ],
      ["0", /Cannot use --tta "0": expected a number of views/],
      ["99", /Cannot see photos in 99 views: expected flip, five, ten or a whole number from 1 to 16/],
    ] as const) {
      const { code, stderr } = await runHere(["evaluate", at("first/model.onnx"), at("photos"), "--tta", text]);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});
