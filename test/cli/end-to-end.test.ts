import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { fixture } from "../support/fixtures.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, runProgram, temporaryFolder } from "./cli-case.ts";
import type { Ended } from "./cli-case.ts";

const MODEL = fixture("resnet18-width8/bn.onnx");
const SMALL = ["--model", MODEL, "--size", "32", "--threads", "1", "--crop-scale", "0.5"];

describe("cli, end to end", () => {
  const at = temporaryFolder();
  before(async function () {
    if (PROGRAM === undefined) this.skip(); // ONNX Runtime's thread needs compiled files
    await writeToyPhotos(at("photos"), { train: 10, validation: 5 });
    await writeToyPhotos(at("more"), { train: 1, validation: 2 });
  });

  const done = (ended: Ended): Ended => {
    assert.equal(ended.code, 0, ended.stderr);
    return ended;
  };

  it("train, evaluate, label, index, search with --json", async () => {
    const run = at("run");
    const trained = done(
      await runHere([
        "train",
        at("photos"),
        ...SMALL,
        "--mode",
        "frozen",
        "--epochs",
        "25",
        "--rate",
        "0.01",
        "--out",
        run,
        "--cache",
        at("cache"),
        "--json",
      ]),
    );
    const lines = jsonLines(trained.stdout);
    assert.equal(lines.length, 26);
    assert.deepEqual([lines[0]?.["type"], lines[0]?.["stage"], lines[0]?.["epoch"]], ["epoch", "head", 1]);
    const result = lines.at(-1);
    assert.equal(result?.["type"], "result");
    assert.equal(result?.["model"], `${run}/model.onnx`);
    assert.deepEqual(result?.["classes"], ["blue", "green", "red"]);
    assert.ok(Number(result?.["top1"]) >= 0.9, `accuracy ${String(result?.["top1"])}`);
    assert.deepEqual(
      (result?.["stages"] as { stage: string }[] | undefined)?.map((s) => s.stage),
      ["head"],
    );
    const names = [
      "checkpoints",
      "config.json",
      "log.jsonl",
      "metrics.jsonl",
      "model.onnx",
      "report.html",
      "report.json",
      "split.json",
    ];
    assert.deepEqual((await readdir(run)).toSorted(), names);

    const model = `${run}/model.onnx`;
    const [measured] = jsonLines(done(await runHere(["evaluate", model, at("photos"), "--json"])).stdout);
    assert.equal(measured?.["count"], 15);
    assert.equal(measured?.["top1"], result?.["top1"], "the exported file scores as the run did");

    const labelled = jsonLines(done(await runHere(["label", model, at("more/val"), "--json", "--top", "2"])).stdout);
    assert.equal(labelled.length, 6);
    for (const { file, labels } of labelled) {
      const [first, ...others] = labels as { label: string; weight: number }[];
      assert.ok(
        others.length <= 1 && first && String(file).includes(`/${first.label}/`),
        JSON.stringify({ file, labels }),
      );
    }

    const index = (): Promise<Ended> => runHere(["index", model, at("more"), "--index", at("photos.db"), "--json"]);
    assert.deepEqual(jsonLines(done(await index()).stdout), [
      { index: at("photos.db"), labelled: 9, unchanged: 0, failed: 0 },
    ]);
    assert.deepEqual(jsonLines(done(await index()).stdout), [
      { index: at("photos.db"), labelled: 0, unchanged: 9, failed: 0 },
    ]);

    const search = async (...words: string[]): Promise<string[]> => {
      const [found] = jsonLines(done(await runHere(["search", ...words, "--index", at("photos.db"), "--json"])).stdout);
      const hits = (found?.["hits"] ?? []) as { paths: string[] }[];
      return hits.map((hit) => hit.paths[0] ?? "");
    };
    const red = await search("red>0.5");
    assert.equal(red.length, 3);
    assert.ok(
      red.every((path) => path.includes("/red/")),
      red.join(),
    );
    const notRed = await search("-red", "--min-weight", "0.5");
    assert.equal(notRed.length, 6);
    assert.ok(
      notRed.every((path) => !path.includes("/red/")),
      notRed.join(),
    );
    assert.equal((await search("red", "--rank", "cosine", "--limit", "2")).length, 2);
  });

  it("the same for people: tables, the next steps, a contact sheet", async () => {
    const run = at("run-2");
    const trained = done(
      await runHere([
        "train",
        at("photos"),
        ...SMALL,
        "--epochs",
        "2",
        "--head-epochs",
        "2",
        "--out",
        run,
        "--cache",
        at("cache"),
      ]),
    );
    const rows = trained.stdout.split("\n");
    assert.match(rows[0] ?? "", /^stage +epoch +loss +accuracy/);
    assert.deepEqual(
      rows.slice(1, 5).map((row) => row.slice(0, 15).replace(/ +/, " ")),
      ["head 1/2", "head 2/2", "network 1/2", "network 2/2"],
    );
    assert.match(trained.stdout, /^top-1 +\d+\.\d % of 15 validation photos$/m);
    assert.match(trained.stdout, /^parity +largest difference .* 0 of 15 decisions changed/m);
    assert.match(trained.stderr, /npx onnx-graft label .*model\.onnx PHOTOS/);
    assert.ok(trained.stdout.split("\n").every((line) => line.length <= 80 || line.includes(run)));

    const model = `${run}/model.onnx`;
    assert.match(
      done(await runHere(["evaluate", model, at("photos")])).stdout,
      /class +photos +precision +recall +F1\nblue +5 /,
    );
    assert.match(done(await runHere(["label", model, at("more/val/red")])).stdout, /red-0\.png {2}\w+ 0\.\d\d/);
    assert.match(done(await runHere(["index", model, at("more"), "--index", at("2.db")])).stdout, /9 photos labelled/);
    const sheets = [at("hits.html"), at("hits.png")];
    for (const sheet of sheets) done(await runHere(["search", "red", "--index", at("2.db"), "--sheet", sheet]));
    assert.match(await readFile(sheets[0] ?? "", "utf8"), /<h2><code>red<\/code><\/h2>[^]*data:image\/png/);
    assert.equal((await readFile(sheets[1] ?? "")).subarray(1, 4).toString(), "PNG");
    assert.match(done(await runHere(["search", "--labels", "--index", at("2.db")])).stdout, /^label +photos\n/);
    assert.match(done(await runHere(["inspect", model])).stdout, /labels: +blue, green, red\nmade for: +32 px/);
  });

  it("a photo that cannot be read is listed in the result and in the report", async () => {
    await writeToyPhotos(at("damaged"), { train: 10, validation: 2 });
    await writeFile(at("damaged/train/red/broken.jpg"), "no picture");
    const ended = done(
      await runHere([
        "train",
        at("damaged"),
        ...SMALL,
        "--mode",
        "frozen",
        "--epochs",
        "1",
        "--out",
        at("run-3"),
        "--cache",
        at("cache"),
        "--json",
      ]),
    );
    const unreadable = jsonLines(ended.stdout).at(-1)?.["unreadable"] as { file: string; code: string }[];
    assert.deepEqual(
      unreadable.map((u) => u.code),
      ["E_IMAGE_FORMAT"],
    );
    assert.match(ended.stderr, /1 of 37 photos could not be read/);
    assert.match(await readFile(at("run-3/report.json"), "utf8"), /broken\.jpg/);
  });

  const TRAIN = ["train", "photos", ...SMALL, "--mode", "full", "--epochs", "30", "--out", "cut", "--json"];

  it("Ctrl-C leaves a checkpoint and exit code 130, and --resume goes on to the end", async () => {
    let pressedAt = 0;
    const cut = await runProgram(TRAIN, {
      cwd: at(),
      watch(child, { stdout }) {
        if (pressedAt > 0 || !stdout.includes("\n")) return;
        pressedAt = performance.now();
        // npx sends one more to its program than the terminal does
        child.kill("SIGINT");
        child.kill("SIGINT");
      },
    });
    assert.equal(cut.code, 130, cut.stderr);
    assert.ok(performance.now() - pressedAt < 5000);
    const last = jsonLines(cut.stdout).at(-1);
    assert.equal(last?.["type"], "stopped");
    assert.match(String(last?.["checkpoint"]), /^cut[\\/]checkpoints[\\/]step-\d+\.ckpt$/);
    assert.match(cut.stderr, /--resume --out cut/);
    assert.doesNotMatch(cut.stderr, /error/);

    const rest = await runProgram([...TRAIN, "--resume"], { cwd: at() });
    assert.equal(rest.code, 0, rest.stderr);
    const epochs = [cut, rest]
      .flatMap(({ stdout }) => jsonLines(stdout))
      .flatMap((l) => (l["type"] === "epoch" ? [l["epoch"]] : []));
    assert.deepEqual(
      epochs,
      Array.from({ length: 30 }, (_, i) => i + 1),
      "every epoch ended once",
    );
    assert.ok((await readdir(at("cut"))).includes("model.onnx"));
  });

  it("SIGTERM does the same with exit code 143", async () => {
    const words = ["train", "photos", ...SMALL, "--epochs", "500", "--mode", "frozen", "--out", "term"];
    const ended = await runProgram(words, {
      cwd: at(),
      env: { ONNX_GRAFT_CACHE: at("cache") },
      watch: (child, { stdout }) => void (stdout.split("\n").length > 3 && child.kill("SIGTERM")),
    });
    assert.equal(ended.code, 143, ended.stderr);
    assert.match(ended.stderr, /stopped; checkpoint: term[\\/]checkpoints/);
  });

  it("a reader that has enough ends label in good order", async () => {
    const ended = await runProgram(["label", MODEL, "photos"], {
      cwd: at(),
      watch: (child) => void child.stdout?.destroy(),
    });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stderr, "");
  });

  it("the program says nothing but what it is asked, whichever Node runs it", async () => {
    const ended = await runProgram(["search", "--labels", "--index", "photos.db", "--json"], { cwd: at() });
    assert.equal(ended.code, 0, ended.stderr);
    assert.equal(ended.stderr, "");
    assert.deepEqual(await runProgram(["serach"], { cwd: at() }), {
      code: 2,
      stdout: "",
      stderr:
        'error[E_USAGE]: Cannot read the command line: unknown command "serach"\nhint: did you mean search? see "onnx-graft --help"\n',
    });
  });

  it("doctor finds everything in order, and cache and models answer", async () => {
    const env = { ONNX_GRAFT_CACHE: at("cache") };
    const doctor = await runProgram(["doctor", "--json"], { cwd: at(), env });
    assert.equal(doctor.code, 0, doctor.stdout);
    assert.equal(jsonLines(doctor.stdout)[0]?.["ok"], true);
    const [cache] = jsonLines((await runProgram(["cache", "list", "--json"], { cwd: at(), env })).stdout);
    assert.notDeepEqual(cache?.["features"], { files: 0, bytes: 0 });
    done(await runProgram(["cache", "clear"], { cwd: at(), env }));
    const [cleared] = jsonLines((await runProgram(["cache", "list", "--json"], { cwd: at(), env })).stdout);
    assert.deepEqual(cleared?.["features"], { files: 0, bytes: 0 });
    assert.match((await runProgram(["models"], { cwd: at() })).stdout, /^name +size[^]*^bundled +128 px +bundled/m);
    const path = (await runProgram(["models", "get", "bundled"], { cwd: at() })).stdout.trim();
    assert.match(path, /\.onnx$/);
    const broken = await runProgram(["doctor"], { cwd: at(), env: { ONNX_GRAFT_CACHE: at("photos.db") } });
    assert.equal(broken.code, 1);
    assert.match(broken.stdout, /FAILED {2}cache folder: .*\n +name a folder/);
  });
});
