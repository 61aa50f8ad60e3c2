/**
 * Designers: things drawn by four designers of emoji, eleven classes. Trained on three of them, tested on things that were never seen and
 * on everything that the fourth has drawn.
 *
 * Claim: fine-tuning with augmentation beats a linear head on frozen features of 128 px (0.75 of the unseen things, 0.54 of the fourth designer) by
 * at least 5 points on both, mean of 3 seeds. The linear head is measured beside it, at both sizes.
 * Check: npm run recipe designers -- MODEL.onnx [--out FOLDER] [--seeds 3] [--folder FOLDER]; with --tiny and no model, on shapes that it draws itself.
 * Rows that OUT holds already, of the same settings, are not run again.
 *
 * The drawings come from npm (packages @iconify-json/*, whose licences are Apache 2.0, MIT, CC BY 4.0 and CC BY-SA 4.0) and stay in FOLDER.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fineTune, openModel, openTagger } from "../toolkit/node.ts";
import type { Dataset, FineTuneSettings, SourceModel } from "../toolkit/node.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { DESIGNERS, drawings } from "./designers/drawings.ts";
import type { Drawn } from "./designers/drawings.ts";
import { shapes } from "./designers/shapes.ts";
import { spreadOf, spreadText, writeResults } from "./write-results.ts";

/** What the linear head reached that the claim is measured against. */
const LINEAR = { things: 0.75, designer: 0.54 };
const AHEAD = 0.05;
/** Every so many-th thing of a class is never seen in training. */
const UNSEEN_EVERY = 5;
const FOURTH = "openmoji";

const HEAD = { mode: "frozen", epochs: 30, rate: 1e-3, keep: "last" } satisfies FineTuneSettings;
/** The head first, then every layer: strong augmentation and an average of the weights carry over to a designer who was never seen. */
const EVERY_LAYER = {
  mode: "staged",
  keep: "last",
  headEpochs: 15,
  epochs: 12,
  batchSize: 16,
  optimizer: "adamw",
  rate: 5e-4,
  decay: 0.05,
  warmUpEpochs: 0.5,
  stemFactor: 0.3,
  batchNorm: "frozen",
  labelSmoothing: 0.1,
  averageDecay: 0.99,
  cropScale: 0.4,
  augment: "trivial-augment",
} satisfies FineTuneSettings;
const RUNS: readonly Run[] = [
  { what: "linear head", sizePx: 128, settings: HEAD },
  { what: "linear head", sizePx: 160, settings: HEAD },
  { what: "every layer", sizePx: 128, settings: EVERY_LAYER },
];
/** What --tiny changes: it shows that the recipe runs, and nothing about its claim. */
const TINY = { epochs: 1, headEpochs: 1, batchSize: 8 } satisfies FineTuneSettings;
const TINY_PX = 32;

interface Run {
  readonly what: "linear head" | "every layer";
  readonly sizePx: number;
  readonly settings: FineTuneSettings;
}

interface Row {
  readonly what: Run["what"];
  readonly sizePx: number;
  readonly seed: number;
  /** Share of the drawings of unseen things, and of the fourth designer's drawings, that get the right class. */
  readonly things: number;
  readonly designer: number;
  readonly seconds: number;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      out: { type: "string", default: join("runs", "designers") },
      seeds: { type: "string", default: "3" },
      folder: { type: "string", default: join(tmpdir(), "onnx-graft-designers") },
      tiny: { type: "boolean", default: false },
    },
  });
  const { tiny, folder, out } = values;
  const source = await openModel(positionals[0]);
  const runs = tiny ? RUNS.map((run) => ({ ...run, sizePx: TINY_PX, settings: { ...run.settings, ...TINY } })) : RUNS;
  const rows = await readRows(out, runs);
  const drawnAt = async (sizePx: number): Promise<readonly Drawn[]> =>
    tiny ? shapes(folder) : drawings(folder, await readThings(), sizePx);
  for (let seed = 0; seed < (tiny ? 1 : Number(values.seeds)); seed++) {
    for (const run of runs) {
      if (!tiny && rows.some((row) => isOf(row, run) && row.seed === seed)) continue;
      const row = await measure(run, source, divide(await drawnAt(run.sizePx)), seed);
      rows.push(row);
      await writeRows(out, runs, rows);
      const cells = [name(row), `seed ${seed}`, `unseen things ${row.things.toFixed(3)}`];
      console.log([...cells, `fourth designer ${row.designer.toFixed(3)}`, `${row.seconds.toFixed(0)} s`].join("   "));
    }
  }
  const claims = judge(rows, tiny);
  const seconds = rows.reduce((sum, row) => sum + row.seconds, 0);
  const { table, summary } = tell(rows, runs);
  const { data: known, designer } = divide(await drawnAt(runs[0]?.sizePx ?? TINY_PX));
  const counts = { train: known.train.length, things: known.validation.length, designer: designer.length };
  const data = { ...counts, trainedOn: DESIGNERS.filter((d) => d !== FOURTH), fourth: FOURTH };
  await writeResults(out, { recipe: "designers", claims, data, settings: { runs }, summary, rows, table, seconds });
  if (!sayClaims(claims, (line) => console.log(line))) process.exitCode = 1;
}

function name({ what, sizePx }: Row | Run): string {
  return `${what}, ${sizePx} px`;
}

function isOf(row: Row, run: Run): boolean {
  return name(row) === name(run);
}

/** What was measured before with the same settings. */
async function readRows(out: string, runs: readonly Run[]): Promise<Row[]> {
  const text = await readFile(join(out, "rows.json"), "utf8").catch(() => "{}");
  const { settings, rows = [] } = JSON.parse(text) as { settings?: unknown; rows?: Row[] };
  return JSON.stringify(settings) === JSON.stringify(runs) ? rows : [];
}

async function writeRows(out: string, settings: readonly Run[], rows: readonly Row[]): Promise<void> {
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "rows.json"), JSON.stringify({ settings, rows }));
}

async function readThings(): Promise<ReadonlyMap<string, string>> {
  const table = await readFile(join("recipes", "designers", "things.json"), "utf8");
  return new Map(Object.entries(JSON.parse(table) as Record<string, string>));
}

interface Divided {
  /** Training, and the things that are never seen. */
  readonly data: Dataset;
  /** What the fourth designer has drawn. */
  readonly designer: Dataset["train"];
}

function divide(drawn: readonly Drawn[]): Divided {
  const classes = [...new Set(drawn.map((d) => d.label))].toSorted();
  const unseen = unseenThings(drawn);
  const samples = (wanted: (d: Drawn) => boolean): Dataset["train"] =>
    drawn.filter(wanted).map((d) => ({
      path: d.file,
      id: `${d.designer}/${d.label}/${d.thing}`,
      label: classes.indexOf(d.label),
    }));
  const train = samples((d) => d.designer !== FOURTH && !unseen.has(d.thing));
  const validation = samples((d) => d.designer !== FOURTH && unseen.has(d.thing));
  return { data: { classes, train, validation, bad: [] }, designer: samples((d) => d.designer === FOURTH) };
}

/** One run, and what its export says of the two test sets. */
async function measure(
  { what, sizePx, settings }: Run,
  source: SourceModel,
  { data, designer }: Divided,
  seed: number,
): Promise<Row> {
  const started = performance.now();
  const run = await fineTune({ ...settings, sizePx, resizePx: sizePx, model: source, data, seed });
  const { model, evaluation } = await run.result;
  if (!model || !evaluation) throw new Error("the run ended without an export");
  const scores = { things: evaluation.top1, designer: await accuracy(model, designer, data.classes) };
  return { what, sizePx, seed, ...scores, seconds: (performance.now() - started) / 1000 };
}

/** The same in every run: by class and the order of their code points. */
function unseenThings(drawn: readonly Drawn[]): ReadonlySet<string> {
  const things = new Map(drawn.map(({ thing, label }) => [thing, label]));
  const chosen = new Set<string>();
  for (const label of new Set(things.values())) {
    const members = [...things.keys()].filter((thing) => things.get(thing) === label).toSorted();
    for (const [i, thing] of members.entries()) if (i % UNSEEN_EVERY === 0) chosen.add(thing);
  }
  return chosen;
}

async function accuracy(model: Uint8Array, samples: Dataset["train"], classes: readonly string[]): Promise<number> {
  const path = join(tmpdir(), `onnx-graft-designers-${process.pid}.onnx`);
  await writeFile(path, model);
  const tagger = await openTagger(path);
  let [right, at] = [0, 0];
  try {
    for await (const photo of tagger.labelAll(
      samples.map((s) => s.path),
      { top: 1, minWeight: 0 },
    )) {
      const wanted = classes[samples[at++]?.label ?? -1];
      if (!("error" in photo) && photo.labels[0]?.label === wanted) right++;
    }
  } finally {
    await tagger.close();
  }
  return right / samples.length;
}

function judge(rows: readonly Row[], tiny: boolean): readonly Claim[] {
  const ours = rows.filter((row) => row.what === "every layer");
  const sets = [
    ["things", "things that were never seen"],
    ["designer", "drawings of a designer who was never seen"],
  ] as const;
  return sets.map(([set, text]) => {
    const reached = spreadOf(ours.map((row) => row[set]));
    return {
      text: `${text}: at least ${Math.round(100 * (LINEAR[set] + AHEAD))} % right, ${Math.round(100 * AHEAD)} points above a linear head`,
      holds: tiny ? undefined : reached.mean >= LINEAR[set] + AHEAD,
      figures: `${spreadText(reached, 1)}, ${reached.seeds} seeds`,
    };
  });
}

function tell(
  rows: readonly Row[],
  runs: readonly Run[],
): { readonly table: readonly (readonly string[])[]; readonly summary: object } {
  const summary = runs.map((run) => {
    const own = rows.filter((row) => isOf(row, run));
    const spread = (set: "things" | "designer" | "seconds"): ReturnType<typeof spreadOf> =>
      spreadOf(own.map((row) => row[set]));
    return { run: name(run), things: spread("things"), designer: spread("designer"), seconds: spread("seconds").mean };
  });
  const lines = summary.map(({ run, things, designer, seconds }) => [
    run,
    spreadText(things, 1),
    spreadText(designer, 1),
    seconds.toFixed(0),
  ]);
  return { table: [["trained", "unseen things", "fourth designer", "s a seed"], ...lines], summary };
}
