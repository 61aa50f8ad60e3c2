import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { PassThrough } from "node:stream";
import { commands } from "../../../cli/commands.ts";
import { isRunConfig, optionsOfRun } from "../../../cli/config/run-config.ts";
import { settingsOf } from "../../../cli/train/run-training.ts";
import type { TrainingOptions } from "../../../cli/train/run-training.ts";
import { withConfig } from "../../../cli/config/with-config.ts";
import { parseCommandLine } from "../../../cli/program.ts";
import type { Invocation } from "../../../cli/program.ts";
import { plainSettings, settle } from "../../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../../toolkit/fine-tune/settings.ts";
import { runHere, temporaryFolder } from "../cli-case.ts";

describe("cli/config", () => {
  const path = temporaryFolder();

  async function read(config: unknown, ...words: readonly string[]): Promise<Invocation> {
    await writeFile(path("config.json"), typeof config === "string" ? config : JSON.stringify(config));
    const found = parseCommandLine(["train", ...words, "--config", path("config.json")], {
      commands,
      stdout: new PassThrough(),
      columns: 80,
    });
    assert.ok(found);
    return withConfig(found, commands);
  }

  it("takes what the file says, positionals too; the rest has its defaults", async () => {
    const { options, positionals } = await read({
      $schema: "./train.json",
      data: "photos",
      epochs: 3,
      rate: 1e-3,
      headRate: "auto",
      mode: "full",
      mean: [0.5, 0.4, 0.3],
      optimizer: "rmsprop:alpha=0.9",
      schedule: { name: "multi-step", milestones: [2, 4] },
      augment: false,
      resume: true,
    });
    assert.deepEqual(positionals, { data: "photos" });
    assert.equal(options["epochs"], 3);
    assert.equal(options["rate"], 0.001);
    assert.equal(options["headRate"], "auto");
    assert.equal(options["mode"], "full");
    assert.deepEqual(options["mean"], [0.5, 0.4, 0.3]);
    assert.deepEqual(options["optimizer"], { name: "rmsprop", alpha: 0.9 });
    assert.deepEqual(options["schedule"], { name: "multi-step", milestones: [2, 4] });
    assert.equal(options["augment"], false);
    assert.equal(options["resume"], true);
    assert.equal(options["batch"], 16);
    assert.equal(options["threads"], undefined);
    assert.ok(!("$schema" in options));
  });

  it("gives way to the command line, even where that repeats a default or turns a switch back", async () => {
    const config = { data: "photos", batch: 32, mode: "full", augment: false, resume: true, autotune: true, seed: 7 };
    const words = "others --batch 16 --mode staged --augment --no-resume";
    const { options, positionals } = await read(config, ...words.split(" "));
    assert.deepEqual(positionals, { data: "others" });
    assert.equal(options["batch"], 16);
    assert.equal(options["mode"], "staged");
    assert.equal(options["augment"], true);
    assert.equal(options["resume"], false);
    assert.equal(options["autotune"], true);
    assert.equal(options["seed"], 7);
    assert.equal((await read({ augment: true }, "x", "--no-augment")).options["augment"], false);
  });

  it("--print-config writes a file that means the same when it is read", async () => {
    const words =
      "photos --epochs 3 --no-augment --optimizer rmsprop:alpha=0.9,centered=true --schedule cosine --mean 0.5,0.4,0.3 --train-from layer4";
    const printed = await runHere(["train", ...words.split(" "), "--print-config"]);
    assert.equal(printed.code, 0, printed.stderr);
    assert.equal(printed.stderr, "");
    const config = JSON.parse(printed.stdout) as Record<string, unknown>;
    assert.equal(config["$schema"], "./node_modules/onnx-graft/cli/config/schemas/train.json");
    assert.equal(config["data"], "photos");
    assert.equal(config["schedule"], "cosine");
    assert.equal(config["batch"], 16, "defaults stand in it too");
    assert.ok(!("config" in config) && !("printConfig" in config));
    const again = await read(printed.stdout);
    const asked = parseCommandLine(["train", ...words.split(" ")], {
      commands,
      stdout: new PassThrough(),
      columns: 80,
    });
    assert.deepEqual({ ...again.options, config: undefined }, { ...asked?.options, config: undefined });
    assert.deepEqual(again.positionals, asked?.positionals);
    const twice = await runHere(["train", "--config", path("config.json"), "--print-config"]);
    assert.equal(twice.stdout, printed.stdout);
  });

  it("--print-config says what the file and the command line come to, and needs no data", async () => {
    await writeFile(path("some.json"), JSON.stringify({ epochs: 9, batch: 8 }));
    const { stdout } = await runHere(["train", "--config", path("some.json"), "--batch", "4", "--print-config"]);
    const config = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([config["epochs"], config["batch"], "data" in config], [9, 4, false]);
  });

  const wrong: readonly (readonly [unknown, string, string])[] = [
    [{ epoch: 3 }, 'Cannot use "epoch" in FILE: train has no such option', 'did you mean "epochs"?'],
    [{ "warm-up": 1 }, 'Cannot use "warm-up" in FILE: train has no such option', 'did you mean "warmUp"?'],
    [{ batch_size: 1 }, 'Cannot use "batch_size" in FILE', "train --help"],
    [{ config: "other.json" }, 'Cannot use "config" in FILE', "train --help"],
    [{ constructor: 1 }, 'Cannot use "constructor" in FILE', "train --help"],
    [{ epochs: 0 }, 'Cannot use "epochs": 0 in FILE: expected a whole number of 1 or more', ""],
    [{ epochs: "3" }, 'Cannot use "epochs": "3" in FILE: expected a whole number of 1 or more', ""],
    [{ rate: "fast" }, 'Cannot use "rate": "fast" in FILE: expected a number of 0 or more, or auto', ""],
    [{ epochs: null }, 'Cannot use "epochs": null in FILE: expected a whole number of 1 or more', ""],
    [{ momentum: 1 }, 'Cannot use "momentum": 1 in FILE: expected a number from 0 to below 1', ""],
    [{ mode: "ful" }, 'Cannot use "mode": "ful" in FILE: expected one of frozen, partial, full, staged, scratch', ""],
    [{ mean: [1, 2] }, 'Cannot use "mean": [1,2] in FILE: expected a list of 3 numbers', ""],
    [{ augment: "no" }, 'Cannot use "augment": "no" in FILE: expected true or false', ""],
    [{ model: "" }, 'Cannot use "model": "" in FILE: expected a text', ""],
    [{ data: ["a"] }, 'Cannot use "data": ["a"] in FILE: expected a text', ""],
    [{ optimizer: "adamm" }, 'Cannot use "optimizer": "adamm" in FILE: expected one of sgd,', 'did you mean "adam'],
    [{ optimizer: { name: "adamm" } }, 'Cannot use "optimizer": {"name":"adamm"} in FILE: expected one of sgd,', ""],
    [{ schedule: "step:every" }, 'Cannot use "schedule": "step:every" in FILE: expected step:KEY=VALUE', ""],
    [{ classWeights: [1, -1] }, 'Cannot use "classWeights": [1,-1] in FILE: expected balanced, or numbers', ""],
    [{ classWeights: "1;2" }, 'Cannot use "classWeights": "1;2" in FILE: expected balanced, or numbers', ""],
    ['{ "epochs": 3, }', "Cannot read the config file FILE: it is no JSON", "comma"],
    ["", "Cannot read the config file FILE: it is no JSON", "double quotes"],
    ["[1]", "Cannot read the config file FILE: expected an object", "epochs"],
  ];
  for (const [config, message, hint] of wrong) {
    it(`refuses ${JSON.stringify(config)}: one line that names the file, exit code 2`, async () => {
      const file = path("wrong.json");
      await writeFile(file, typeof config === "string" ? config : JSON.stringify(config));
      const { code, stdout, stderr } = await runHere(["train", "photos", "--config", file]);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, "");
      const [first = "", second = ""] = stderr.split("\n");
      assert.ok(first.startsWith("error[E_USAGE]: ") && first.includes(message.replace("FILE", `"${file}"`)), stderr);
      assert.ok(second.includes(hint), stderr);
    });
  }

  it("takes weights of classes as a list, as a text and as a word", async () => {
    for (const [classWeights, expected] of [
      [
        [1, 2.5],
        [1, 2.5],
      ],
      ["1,2.5", [1, 2.5]],
      ["balanced", "balanced"],
    ] as const)
      assert.deepEqual((await read({ classWeights })).options["classWeights"], expected);
  });

  it("says which file it cannot read, and what is missing where neither the file nor the command line has it", async () => {
    const none = await runHere(["train", "photos", "--config", path("none.json")]);
    assert.equal(none.code, 2);
    assert.match(none.stderr, /Cannot read the config file ".*none\.json": ENOENT/);
    await writeFile(path("empty.json"), "\uFEFF{}");
    const missing = await runHere(["train", "--config", path("empty.json")]);
    assert.equal(missing.code, 2);
    assert.match(missing.stderr, /missing required argument "data"\nhint: .*--config file/);
  });

  it("one file serves several commands: what only another knows is passed over, and the rest is not", async () => {
    await writeFile(path("both.json"), JSON.stringify({ epochs: 9, batch: 8, data: "photos" }));
    const words = ["find-rate", "--config", path("both.json"), "--print-config"];
    const { code, stdout, stderr } = await runHere(words);
    assert.equal(code, 0, stderr);
    const config = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([config["batch"], config["data"], "epochs" in config], [8, "photos", false]);
    await writeFile(path("both.json"), JSON.stringify({ epoch: 9 }));
    assert.match((await runHere(words)).stderr, /Cannot use "epoch" in .*: find-rate has no such option/);
  });

  it("a sweep takes values, lists and ranges, and a run's config.json as what all its trials share", async () => {
    const range = { from: 1e-4, to: 0.1, scale: "log" };
    const space = {
      data: "photos",
      trials: 7,
      rate: range,
      decay: [0, 1e-4],
      optimizer: { name: "lion" },
      mode: "full",
    };
    await writeFile(path("sweep.json"), JSON.stringify(space));
    const words = ["sweep", "--config", path("sweep.json"), "--batch", "8,16", "--print-config"];
    const { code, stdout, stderr } = await runHere(words);
    assert.equal(code, 0, stderr);
    const config = JSON.parse(stdout) as Record<string, unknown>;
    assert.equal(config["$schema"], "./node_modules/onnx-graft/cli/config/schemas/sweep.json");
    const { rate, decay, optimizer, trials, batch } = config;
    assert.deepEqual([rate, decay, optimizer, trials, batch], [range, [0, 1e-4], "lion", 7, "8,16"]);
    for (const unfit of [{ rate: { from: 1 } }, { rate: [] }, { decay: null }]) {
      await writeFile(path("wrong.json"), JSON.stringify(unfit));
      const refused = await runHere(["sweep", "photos", "--config", path("wrong.json")]);
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /expected a value, a list of them, or a range such as \{ "from": 1e-4/);
    }
    const settled = settle({ mode: "frozen", epochs: 4, dropout: 0.2, augment: false, head: "fc" }, 224);
    const run = { model: "resnet18", data: "photos", ...plainSettings(settled), versions: { "onnx-graft": "0.1.0" } };
    await writeFile(path("run.json"), JSON.stringify(run));
    const shared = await runHere(["sweep", "--config", path("run.json"), "--rate", "1e-4..0.1", "--print-config"]);
    assert.equal(shared.code, 0, shared.stderr);
    const printed = JSON.parse(shared.stdout) as Record<string, unknown>;
    const { data, mode, epochs, dropout, augment, head, optimizer: used } = printed;
    const found = [data, mode, epochs, dropout, augment, head, used, printed["rate"]];
    assert.deepEqual(found, ["photos", "frozen", 4, 0.2, false, "fc", "adamw", "1e-4..0.1"]);
  });

  it("knows a run's config.json by the versions in it", () => {
    assert.ok(isRunConfig({ versions: { "onnx-graft": "0.1.0" } }));
    assert.ok(!isRunConfig({ epochs: 1 }));
    assert.ok(!isRunConfig({ versions: { node: "20" } }));
  });

  const runs: readonly FineTuneSettings[] = [
    {},
    { mode: "frozen" },
    { mode: "frozen", optimizer: "sgd", rate: 0.1 },
    { mode: "full", optimizer: { name: "rmsprop", alpha: 0.9 }, averageDecay: 0.99, warmUpEpochs: 0.5 },
    { mode: "partial", trainFrom: "layer4", views: 3, cacheMemoryBytes: 2.5e8, batchSize: 8, augment: true },
    { mode: "scratch", schedule: { name: "multi-step", milestones: [2, 4] }, sizePx: 64, resizePx: 64 },
    { mode: "full", augment: "padded-crop:padding=4+rotate:degrees=15", mixup: 0.2, cutmix: 1, rate: "auto" },
    { mode: "full", augment: false, patience: 3, stopMetric: "top1", keep: "soup", classWeights: [1, 2.5, 1] },
    { timeLimitSeconds: 90, sampler: "balanced", onNonFinite: "skip", headRate: "auto", threads: 2, maxSteps: 7 },
    { mode: "partial", unfreeze: 2, teacherShare: 0.5, temperature: 2, clipNorm: 1, dropout: 0.2, hidden: 16 },
    { mode: "full", precision: "mixed" },
  ];
  for (const settings of runs) {
    it(`a run of ${JSON.stringify(settings)} is repeated from its config.json`, async () => {
      const settled = settle(settings, 224);
      const versions = { "onnx-graft": "0.1.0", node: "20.19.0" };
      const stated = { data: "photos", validationShare: 0.3, splitBy: "group", leaks: "report", mean: "0.5,0.4,0.3" };
      const found = { formulations: {}, foundRates: { network: 0.02 } };
      const file = { model: "resnet18", ...stated, ...plainSettings(settled), versions, ...found };
      const { options, positionals } = await read(file);
      const { validationShare, splitBy, leaks, mean } = options;
      assert.deepEqual([validationShare, splitBy, leaks, mean], [0.3, "group", "report", [0.5, 0.4, 0.3]]);
      assert.equal(positionals["data"], "photos");
      const chosen = settingsOf(options as unknown as TrainingOptions);
      // the optimizer of all layers is written down even where there is none to train
      const used = ({ optimizer, ...others }: ReturnType<typeof settle>): object =>
        settled.mode === "frozen" ? others : { optimizer, ...others };
      assert.deepEqual(used(settle(chosen, 999)), used(settled));
      assert.equal(options["model"], "resnet18");
    });
  }

  it("finds an option for every setting that a run writes down", () => {
    const train = commands.find((c) => c.name === "train");
    const settings = plainSettings(settle({ head: "fc", features: "pool", threads: 1, maxSteps: 5 }, 224));
    const known = new Set(Object.keys(train?.options ?? {}));
    const others = Object.keys(optionsOfRun(settings)).filter((key) => !known.has(key));
    assert.deepEqual(others, []);
  });
});
