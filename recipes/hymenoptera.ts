/**
 * Ants and bees: how well a pretrained ResNet18 is fine-tuned on 244 real photos, over several seeds.
 *
 * Claim: on ImageNet weights the frozen backbone reaches a mean validation accuracy of 0.95 (5 seeds), training every layer 0.945 (3 seeds),
 * from a file with BatchNormalization nodes and from one in which they were folded alike. The last epoch counts, not the best one.
 * Check: npm run recipe hymenoptera -- DATA FOLDED.onnx BN.onnx [--json FILE] [--seeds 5] [--full-seeds 3]; or -- --tiny [MODEL.onnx], on shapes that it draws itself
 *
 * DATA has train/ and val/ with a folder per class. test/bench/peers/hymenoptera.py does the same in PyTorch, down to the order and the crops.
 */
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ToolkitError, VERSION, fineTune, openModel, readDataset } from "../toolkit/node.ts";
import type { Dataset, FineTuneSettings, SourceModel } from "../toolkit/node.ts";
import { shapes } from "./designers/shapes.ts";

/** One number proves nothing. */
const FROZEN_SEEDS = 5;
/** Fewer, because each costs minutes. */
const FULL_SEEDS = 3;

/** The usual settings of transfer learning on small sets. Those for all layers were chosen on three seeds of these very photos, in PyTorch. */
const COMMON = { sizePx: 224, resizePx: 256, batchSize: 16, keep: "last" } satisfies FineTuneSettings;
const FROZEN = {
  ...COMMON,
  mode: "frozen",
  epochs: 30,
  optimizer: "adamw",
  rate: 1e-3,
  decay: 0,
} satisfies FineTuneSettings;
const FULL = {
  ...COMMON,
  mode: "full",
  epochs: 5,
  optimizer: "sgd",
  momentum: 0.9,
  rate: 3e-3,
  decay: 0,
  stemFactor: 0.003, // the first layers hardly move: on 244 photos, higher rates spoil what they know
  batchNorm: "frozen", // sixteen photos are few to take statistics of
  augment: true, // random crops of 35 to 100 % of the area, mirrored every other time: the insects are small
  cropScale: 0.35,
} satisfies FineTuneSettings;

/** What --tiny changes: it shows that the recipe runs, and nothing about its claim. */
const TINY = { sizePx: 32, resizePx: 32, epochs: 1 } satisfies FineTuneSettings;

type Settings = typeof FROZEN | typeof FULL;

interface Row {
  readonly mode: "frozen" | "full";
  readonly model: string;
  readonly seed: number;
  /** Of the last epoch. */
  readonly top1: number;
  readonly loss: number;
  readonly seconds: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: "string" },
      seeds: { type: "string" },
      "full-seeds": { type: "string" },
      tiny: { type: "boolean", default: false },
    },
  });
  const { tiny } = values;
  const [folder, ...names] = positionals;
  const data = tiny ? await drawn() : folder;
  if (data === undefined || (names.length === 0 && !tiny)) {
    throw new ToolkitError("E_USAGE", "Cannot start: expected a folder of photos and one model or more", {
      hint: "npm run recipe hymenoptera -- DATA FOLDED.onnx BN.onnx [--json FILE] [--seeds 5] [--full-seeds 3]",
    });
  }
  const models = await Promise.all((tiny ? [positionals[0]] : names).map((name) => openModel(name)));
  const rows: Row[] = [];
  const run = async (model: SourceModel, seed: number, settings: Settings): Promise<void> => {
    const row = await measure(data, model, seed, tiny ? { ...settings, ...TINY } : settings);
    rows.push(row);
    console.log(
      line([
        row.mode,
        row.model,
        `seed ${seed}`,
        row.top1.toFixed(4),
        `loss ${row.loss.toFixed(4)}`,
        `${row.seconds.toFixed(0)} s`,
      ]),
    );
  };
  for (const [i, model] of models.entries()) {
    // BatchNorm nodes and folded ones compute the same features
    if (i === 0) for (const seed of seeds(values.seeds, tiny ? 1 : FROZEN_SEEDS)) await run(model, seed, FROZEN);
    for (const seed of seeds(values["full-seeds"], tiny ? 1 : FULL_SEEDS)) await run(model, seed, FULL);
  }
  const summary = summarise(rows);
  console.log("\nValidation accuracy of the last epoch, mean +- standard deviation over seeds");
  for (const s of summary)
    console.log(line([s.mode, s.model, `${s.seeds} seeds`, `${s.mean.toFixed(4)} +- ${s.spread.toFixed(4)}`]));
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify(await record(data, models, rows, summary), undefined, 2)}\n`);
}

/** Discs and squares in place of ants and bees. */
async function drawn(): Promise<Dataset> {
  const all = await shapes(join(tmpdir(), "onnx-graft-hymenoptera"));
  const classes = ["disc", "square"];
  const samples = all
    .filter(({ label }) => classes.includes(label))
    .map(({ file, designer, thing, label }) => ({
      path: file,
      id: `${designer}/${thing}`,
      label: classes.indexOf(label),
    }));
  const isHeldOut = (i: number): boolean => i % 4 === 3;
  return {
    classes,
    train: samples.filter((_, i) => !isHeldOut(i)),
    validation: samples.filter((_, i) => isHeldOut(i)),
    bad: [],
  };
}

/** One run from the file to the last epoch. */
async function measure(
  data: string | Dataset,
  model: SourceModel,
  seed: number,
  settings: FineTuneSettings & Pick<Settings, "mode">,
): Promise<Row> {
  const started = performance.now();
  const run = await fineTune({ ...settings, model, data, seed });
  const { stages } = await run.result;
  const final = stages.at(-1)?.final;
  if (!final) throw new Error("the run ended without an evaluation");
  const seconds = (performance.now() - started) / 1000;
  return { mode: settings.mode, model: model.name, seed, top1: final.top1, loss: final.loss, seconds };
}

interface Summary {
  readonly mode: string;
  readonly model: string;
  readonly seeds: number;
  readonly mean: number;
  readonly spread: number;
}

function summarise(rows: readonly Row[]): readonly Summary[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows)
    groups.set(`${row.mode} ${row.model}`, [...(groups.get(`${row.mode} ${row.model}`) ?? []), row]);
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const mean = group.reduce((sum, row) => sum + row.top1, 0) / group.length;
    const squares = group.reduce((sum, row) => sum + (row.top1 - mean) ** 2, 0);
    const spread = group.length > 1 ? Math.sqrt(squares / (group.length - 1)) : 0;
    return [{ mode: first.mode, model: first.model, seeds: group.length, mean, spread }];
  });
}

/** Everything that is needed to believe the numbers and to get them again. */
async function record(
  data: string | Dataset,
  models: readonly SourceModel[],
  rows: readonly Row[],
  summary: readonly Summary[],
): Promise<object> {
  const { train, validation, classes } = typeof data === "string" ? await readDataset(data) : data;
  const runtime = createRequire(import.meta.url)("onnxruntime-node/package.json") as { version: string };
  return {
    recipe: "hymenoptera",
    data: { train: train.length, validation: validation.length, classes },
    models: models.map(({ name, sha256 }) => ({ name, sha256 })),
    settings: { frozen: FROZEN, full: FULL },
    versions: { "onnx-graft": VERSION, "onnxruntime-node": runtime.version, node: process.versions.node },
    machine: { processor: cpus()[0]?.model ?? "unknown", cores: cpus().length },
    summary,
    rows,
  };
}

function seeds(given: string | undefined, usual: number): readonly number[] {
  const count = given === undefined ? usual : Number(given);
  if (!Number.isInteger(count) || count < 0)
    throw new ToolkitError("E_USAGE", `Cannot use "${given}" seeds: expected a whole number`);
  return Array.from({ length: count }, (_, seed) => seed);
}

function line(cells: readonly string[]): string {
  return cells
    .map((cell, i) => cell.padEnd([7, 24, 7, 17][i] ?? 0))
    .join(" ")
    .trimEnd();
}
