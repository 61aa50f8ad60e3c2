import assert from "node:assert/strict";
import { access, readFile } from "node:fs/promises";
import { fixture } from "../../support/fixtures.ts";
import { writeToyPhotos } from "../../support/toy-photos.ts";
import { jsonLines, PROGRAM, runHere, runProgram, temporaryFolder } from "../cli-case.ts";

const RESNET = fixture("resnet18-width8/bn.onnx");

describe("cli/commands/sweep", function () {
  this.timeout(120_000);
  const path = temporaryFolder();
  before(() => writeToyPhotos(path("photos"), { train: 6, validation: 4, sizePx: 32 }));

  const words = (...more: readonly string[]): readonly string[] => [
    "sweep",
    path("photos"),
    "--model",
    RESNET,
    "--size",
    "32",
    "--cache",
    path("cache"),
    "--decoders",
    "0",
    "--threads",
    "1",
    ...more,
  ];
  const few = ["--epochs", "2", "--trials", "4"];

  it("tells every trial and the best, as lines for people", async function () {
    if (PROGRAM === undefined) this.skip();
    const out = path("lines");
    const { code, stdout, stderr } = await runHere(
      words("--rate", "1e-4..1", "--decay", "0,0.01", "--out", out, ...few),
    );
    assert.equal(code, 0, stderr);
    assert.match(stderr, /drawn at random: 4 points over rate 0\.0001\.\.1 \(log\), decay 0 \| 0\.01/);
    assert.match(stderr, new RegExp(`train .*photos --config ${out}/best.json`.replaceAll("/", ".")));
    const rows = stdout.split("\n").filter((line) => /^ +\d+ +[\d.]+ % +[\d.]+ +\d+ +[\d.]+ +rate=/.test(line));
    assert.equal(rows.length, 4);
    assert.match(rows[0] ?? "", /rate=\S+ decay=\S+ {2}best$/);
    assert.match(stdout, /^rank {2}accuracy/m);
    assert.equal((stderr.match(/inputs: red, green, blue/g) ?? []).length, 0, "a trial's own notes are left out");
  });

  it("weights of classes are shared by all trials, and stand with the best settings", async function () {
    if (PROGRAM === undefined) this.skip();
    const out = path("weighted");
    const weighted = ["--class-weights", "1,2,1", "--sampler", "shuffle,weighted", "--out", out];
    const { code, stderr } = await runHere(words("--epochs", "1", "--trials", "2", ...weighted));
    assert.equal(code, 0, stderr);
    const best = JSON.parse(await readFile(`${out}/best.json`, "utf8")) as Record<string, unknown>;
    assert.deepEqual([best["classWeights"]].flat().join(), "1,2,1");
  });

  it("goes on where it was stopped, tells JSON a line for each trial, and is left with settings that train takes", async function () {
    if (PROGRAM === undefined) this.skip();
    const out = path("json");
    const asked = words("--rate", "1e-4..1", "--out", out, "--json", "--epochs", "2");
    const first = await runHere([...asked, "--trials", "3"]);
    assert.equal(first.code, 0, first.stderr);
    const again = await runHere([...asked, "--trials", "5", "--resume"]);
    const lines = jsonLines(again.stdout);
    assert.deepEqual(
      lines.map((line) => [line["type"], line["known"] ?? null]),
      [
        ["trial", true],
        ["trial", true],
        ["trial", true],
        ["trial", false],
        ["trial", false],
        ["result", null],
      ],
    );
    const best = lines.at(-1)?.["best"] as { settings: { rate: number }; file: string; quality: { mean: number } };
    const config = JSON.parse(await readFile(best.file, "utf8")) as { rate: number; mode: string };
    assert.deepEqual([config.rate, config.mode], [best.settings.rate, "frozen"]);
    const trained = await runHere([
      "train",
      path("photos"),
      "--config",
      best.file,
      "--model",
      RESNET,
      "--out",
      path("trained"),
      "--cache",
      path("cache"),
      "--json",
    ]);
    assert.equal(trained.code, 0, trained.stderr);
    const result = jsonLines(trained.stdout).at(-1);
    const quality = best.quality.mean;
    assert.equal(result?.["top1"], quality, "training with the best settings comes to what the sweep said");
  });

  it("says which trials failed, and ends with an error only where all do", async function () {
    if (PROGRAM === undefined) this.skip();
    const some = await runHere(
      words("--optimizer", "sgd", "--rate", "0.01,3e38", "--method", "grid", "--out", path("some"), "--epochs", "2"),
    );
    assert.equal(some.code, 0, some.stderr);
    assert.match(some.stdout, /failed .*rate=3e\+38: Cannot go on training/);
    const all = await runHere(
      words("--optimizer", "sgd", "--rate", "2e38,3e38", "--method", "grid", "--out", path("all"), "--epochs", "2"),
    );
    assert.equal(all.code, 1);
    assert.match(all.stderr, /error\[E_SWEEP\]: Cannot name a best trial: all 2 failed/);
  });

  it("refuses a space that cannot be meant before anything is read", async () => {
    for (const [more, message] of [
      [["--rate", "1..x"], 'Cannot use --rate "1..x"'],
      [["--momentum", "0.5..1"], "Cannot train with momentum 1"],
      [["--rate", "0.1"], "Cannot sweep nothing"],
    ] as const) {
      const { code, stderr } = await runHere(words("--out", path("refused"), ...more));
      assert.equal(code, 2, stderr);
      assert.ok(stderr.includes(message), stderr);
    }
    await assert.rejects(access(path("refused")), "no folder was made");
  });

  it("that is killed at any moment goes on without repeating a trial", async function () {
    if (PROGRAM === undefined) this.skip();
    const out = path("killed");
    const asked = words("--rate", "1e-4..1", "--out", out, "--json", "--epochs", "5", "--trials", "8");
    let killed = false;
    await runProgram(asked, {
      cwd: path(),
      watch: (child, { stdout }) => {
        if (!killed && stdout.split("\n").length > 3) killed = child.kill("SIGKILL");
      },
    });
    const before = (await readFile(path("killed", "trials.jsonl"), "utf8"))
      .split("\n")
      .filter((l) => l.endsWith("}")).length;
    assert.ok(before >= 3);
    const again = await runProgram([...asked, "--resume"], { cwd: path() });
    assert.equal(again.code, 0, again.stderr);
    const lines = jsonLines(again.stdout).filter((line) => line["type"] === "trial");
    assert.deepEqual([lines.length, lines.filter((line) => line["known"] === true).length], [8, before]);
  });
});
