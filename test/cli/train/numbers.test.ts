import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { DISC_PX, writeDiscPhotos } from "../../support/disc-photos.ts";
import type { Disc } from "../../support/disc-photos.ts";
import { jsonLines, PROGRAM, runHere, temporaryFolder } from "../cli-case.ts";

const SIDE = String(DISC_PX);
const SMALL =
  `--mode scratch --model two-layer-net --size ${SIDE} --resize ${SIDE} --optimizer adam --rate 0.002`.split(" ");
const QUICK = "--no-augment --threads 1 --leaks ignore --decoders 0".split(" ");

describe("cli/train, numbers", () => {
  const at = temporaryFolder();
  let discs: readonly Disc[] = [];
  before(async () => {
    discs = await writeDiscPhotos(at("photos"));
  });

  it("train learns numbers beside labels; label writes them, and evaluate measures the exported file the same", async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    this.timeout(600_000);
    const table = at("photos", "photos.csv");
    const places = ["--out", at("run"), "--cache", at("cache"), "--json"];
    const train = ["train", table, "--targets", "side,x", "--loss", "huber", "--epochs", "15", "--batch", "20"];
    const { code, stdout, stderr } = await runHere([...train, ...SMALL, ...QUICK, ...places]);
    assert.equal(code, 0, stderr);
    const result = jsonLines(stdout).at(-1);
    const [side, x] = (result?.["heads"] ?? []) as readonly Readonly<Record<string, unknown>>[];
    assert.deepEqual([side?.["name"], x?.["name"]], ["side", "x"]);
    assert.ok(Number(side?.["top1"]) >= 0.9, `side ${String(side?.["top1"])}`);
    assert.ok(Number(x?.["r2"]) > 0.9, `R2 ${String(x?.["r2"])}`);

    const model = at("run", "model.onnx");
    const label = await runHere(["label", model, at("photos", "0.png"), "--json", "--decoders", "0"]);
    assert.equal(label.code, 0, label.stderr);
    const [photo] = jsonLines(label.stdout);
    assert.deepEqual(Object.keys(photo?.["numbers"] as object), ["x"]);
    const [likeliest] = (photo?.["labels"] ?? []) as readonly { readonly label: string }[];
    assert.equal(likeliest?.label, discs[0]?.side);

    const evaluate = await runHere(["evaluate", model, table, "--json", "--decoders", "0"]);
    assert.equal(evaluate.code, 0, evaluate.stderr);
    const [measured] = jsonLines(evaluate.stdout);
    assert.ok(Math.abs(Number(measured?.["rmse"]) - Number(x?.["rmse"])) < 0.5, JSON.stringify(measured));
    assert.equal(measured?.["top1"], side?.["top1"]);
  });

  it("train names the file, the line, the column and the value of a number that is none", async () => {
    const table = at("photos", "broken.csv");
    await writeFile(table, "file,x\n0.png,1\n1.png,2\n2.png,about 3\n3.png,4\n");
    const { code, stderr } = await runHere([
      "train",
      table,
      "--mode",
      "scratch",
      "--model",
      "two-layer-net",
      "--out",
      at("none"),
    ]);
    assert.equal(code, 1);
    assert.match(stderr, /Cannot use line 4 of ".*broken\.csv": expected a number as "x", got "about 3"/);
  });

  it("train refuses columns of a folder, and weights that are no numbers", async () => {
    const folder = await runHere(["train", at("photos"), "--targets", "x", "--mode", "scratch", "--model", "mlp"]);
    assert.match(folder.stderr, /expected a table/);
    const weights = await runHere(["train", at("photos"), "--pos-weight", "much"]);
    assert.match(weights.stderr, /--pos-weight "much": expected auto/);
  });
});
