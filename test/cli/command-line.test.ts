import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { PassThrough } from "node:stream";
import { commands } from "../../cli/commands.ts";
import { flagOf } from "../../cli/command.ts";
import { parseCommandLine } from "../../cli/program.ts";
import type { Invocation } from "../../cli/program.ts";
import { CLASSIFIER_LOSSES, NUMBER_LOSSES } from "../../toolkit/fine-tune/task-losses.ts";
import { optimizerNames } from "../../toolkit/optimizers/named-optimizer.ts";
import { scheduleNames } from "../../toolkit/schedules/named-schedule.ts";
import { stopMetrics } from "../../toolkit/train/early-stopping.ts";
import { VERSION } from "../../toolkit/version.ts";
import { root } from "../support/fixtures.ts";
import { runHere } from "./cli-case.ts";

function parse(...words: readonly string[]): Invocation {
  const found = parseCommandLine(words, { commands, stdout: new PassThrough(), columns: 80 });
  assert.ok(found);
  return found;
}

describe("cli/program", () => {
  it("--version prints the version, and --help what there is, with an example of every command", async () => {
    assert.deepEqual(await runHere(["--version"]), { code: 0, stdout: `${VERSION}\n`, stderr: "" });
    const help = await runHere(["--help"]);
    assert.equal(help.code, 0);
    for (const { name, examples } of commands) {
      assert.match(help.stdout, new RegExp(`^ {2}${name} `, "m"));
      assert.ok(help.stdout.includes(`  onnx-graft ${examples[0]}\n`), `an example of ${name}`);
    }
  });

  it("the help of every command names every option, and fits into its columns", async () => {
    for (const { name, options, examples } of commands) {
      for (const columns of [80, 120]) {
        const { code, stdout } = await runHere([...name.split(" "), "--help"], { columns });
        assert.equal(code, 0);
        for (const key of Object.keys(options)) assert.ok(stdout.includes(flagOf(key).slice(2)), `${name} ${key}`);
        const text = stdout.slice(0, stdout.indexOf("\nExamples:"));
        assert.deepEqual(
          text.split("\n").filter((line) => line.length > columns),
          [],
        );
        for (const example of examples) assert.ok(stdout.includes(`onnx-graft ${example}`));
      }
    }
  });

  it("the examples of the help are valid command lines", () => {
    const split = (text: string): string[] => [...text.matchAll(/"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? "");
    for (const { name, examples } of commands)
      for (const text of examples) assert.equal(parse(...split(text)).command.name, name);
  });

  it("reads weights, or a word in place of them, and refuses anything else", () => {
    const weights = (text: string): unknown => parse("train", "x", "--class-weights", text).options["classWeights"];
    assert.equal(weights("balanced"), "balanced");
    assert.deepEqual(weights("1,2.5, .5"), [1, 2.5, 0.5]);
    assert.equal(parse("train", "x", "--pos-weight", "auto").options["posWeight"], "auto");
    for (const text of ["even", "1,,2", "1;2", "1,-2", "auto"])
      assert.throws(() => weights(text), { code: "E_USAGE", message: /--class-weights ".*": expected balanced, or/ });
  });

  it("reads a name with options of its own", () => {
    const { options } = parse("train", "x", "--optimizer", "rmsprop:alpha=0.9,centered=true", "--schedule", "cosine");
    assert.deepEqual(options["optimizer"], { name: "rmsprop", alpha: 0.9, centered: true });
    assert.deepEqual(options["schedule"], { name: "cosine" });
    const { options: listed } = parse("train", "x", "--schedule", "multi-step:milestones=2+4,factor=0.5");
    assert.deepEqual(listed["schedule"], { name: "multi-step", milestones: [2, 4], factor: 0.5 });
    assert.throws(() => parse("train", "x", "--optimizer", "adamm"), /expected one of sgd, nesterov/);
    for (const text of ["step:", "step:every", "step:every=", "step:every=1,,", "step:name=x"])
      assert.throws(() => parse("train", "x", "--schedule", text), /expected step:KEY=VALUE/, text);
  });

  it("offers the optimizers, schedules and losses that the toolkit has", () => {
    const train = commands.find((c) => c.name === "train");
    const choices = (key: string): unknown => (train?.options[key] as { choices?: unknown } | undefined)?.choices;
    assert.deepEqual(choices("optimizer"), optimizerNames);
    assert.deepEqual(choices("schedule"), scheduleNames);
    assert.deepEqual(choices("loss"), [...CLASSIFIER_LOSSES, ...NUMBER_LOSSES]);
    assert.deepEqual(choices("stopMetric"), stopMetrics);
  });

  it("reads options, defaults, switches and switches that are on", () => {
    const { options, positionals } = parse(
      "train",
      "photos",
      "--epochs",
      "3",
      "--rate",
      "1e-3",
      "--no-augment",
      "--mean",
      "0.5,0.4,.3",
    );
    assert.equal(positionals["data"], "photos");
    assert.equal(options["epochs"], 3);
    assert.equal(options["rate"], 0.001);
    assert.deepEqual(options["mean"], [0.5, 0.4, 0.3]);
    assert.equal(options["augment"], false);
    assert.equal(options["mode"], "staged");
    assert.equal(options["json"], false);
    assert.equal(options["size"], undefined);
    assert.equal(parse("train", "photos").options["augment"], true);
    assert.equal(parse("label", "m", "p", "--json").options["json"], true);
  });

  it("search takes words that begin with a minus, in their order", () => {
    const cases: readonly (readonly [readonly string[], readonly string[]])[] = [
      [["-cat"], ["-cat"]],
      [
        ["-cat", "OR", "dog", "--index", "x.db"],
        ["-cat", "OR", "dog"],
      ],
      [
        ["--index", "x.db", "cat", "-dog"],
        ["cat", "-dog"],
      ],
      [["--index=x.db", "--json", "-a"], ["-a"]],
      [["--index", "x.db", "--", "--strange"], ["--strange"]],
      [
        ["cat", "--limit", "3", "--", "-dog"],
        ["cat", "-dog"],
      ],
    ];
    for (const [words, query] of cases) assert.deepEqual(parse("search", ...words).positionals["query"], query);
    assert.equal(parse("search", "--index", "-x.db", "cat").options["index"], "-x.db");
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ["", 'Cannot run "onnx-graft": expected a command', 'see "onnx-graft --help"'],
    ["trian photos", 'unknown command "trian"', "did you mean train?"],
    ["train photos --epoch 3", 'unknown option "--epoch"', "did you mean --epochs?"],
    ["search cat --limt 3", 'unknown option "--limt"', 'did you mean --limit? see "onnx-graft search --help"'],
    ["train", 'missing required argument "data"', 'see "onnx-graft train --help"'],
    ["label model.onnx", 'missing required argument "photos"', 'see "onnx-graft label --help"'],
    ["train a b", "too many arguments", 'see "onnx-graft train --help"'],
    ["train photos --epochs 0", 'Cannot use --epochs "0": expected a whole number of 1 or more', "train --help"],
    ["train photos --epochs 1.5", 'Cannot use --epochs "1.5": expected a whole number of 1 or more', "train --help"],
    ["train photos --rate fast", 'Cannot use --rate "fast": expected a number of 0 or more', "train --help"],
    ["train photos --rate -1", 'Cannot use --rate "-1": expected a number of 0 or more', "train --help"],
    [
      "train photos --mode ful",
      'Cannot use --mode "ful": expected one of frozen, partial, full, staged, scratch',
      "train --help",
    ],
    ["train photos --mean 1,2", 'Cannot use --mean "1,2": expected 3 numbers', "train --help"],
    ["train photos --max-bad 2", 'Cannot use --max-bad "2": expected a number from 0 to 1', "train --help"],
    ["train photos --resize 100 --size 128", 'Cannot use --resize "100": expected --size, 128, or more', "--resize"],
    ["train photos --epochs", "argument missing", "train --help"],
    ["search", "Cannot search: expected a query, or --labels", "for example"],
    ["search cat --sheet hits.gif", 'Cannot use --sheet "hits.gif"', ".html"],
    ["cache", "expected cache list or cache clear", "cache --help"],
    ["cache clera", 'unknown command "clera"', "did you mean clear?"],
  ];
  for (const [line, message, hint] of wrong) {
    it(`"onnx-graft ${line}" is wrong usage: one line, a hint, exit code 2, nothing on stdout`, async () => {
      const { code, stdout, stderr } = await runHere(line.split(" ").filter((word) => word !== ""));
      assert.equal(code, 2);
      assert.equal(stdout, "");
      const [first = "", second = "", ...rest] = stderr.split("\n");
      assert.ok(first.startsWith("error[E_USAGE]: ") && first.includes(message), stderr);
      assert.ok(second.startsWith("hint: ") && stderr.includes(hint), stderr);
      assert.deepEqual(rest, [""]);
    });
  }

  it("the help does not load the runtime, the decoder, or anything else that takes time", () => {
    const seen = new Set<string>();
    const packages = new Set<string>();
    const follow = (file: string): void => {
      if (seen.has(file)) return;
      seen.add(file);
      const source = readFileSync(file, "utf8");
      for (const [, type, from = ""] of source.matchAll(/^(?:import|export)( type)? [^;]*?from "([^"]+)"/gm)) {
        if (type !== undefined) continue;
        if (from.startsWith(".")) follow(resolve(dirname(file), from));
        else if (!from.startsWith("node:")) packages.add(from);
      }
    };
    follow(join(root, "cli/main.ts"));
    assert.ok(seen.has(join(root, "cli/commands/train.ts")), "the walk finds what main.ts imports");
    assert.deepEqual([...packages].toSorted(), ["cli-progress", "cli-table3", "commander"]);
    const toolkit = [...seen]
      .filter((file) => file.startsWith(join(root, "toolkit")))
      .map((file) => file.slice(root.length + 1));
    assert.deepEqual(
      toolkit.toSorted(),
      ["errors", "nearest-names", "unknown-name", "version"].map((name) => `toolkit/${name}.ts`),
    );
  });
});
