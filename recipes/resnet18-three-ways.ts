/**
 * ResNet18 in three ways on nine classes: from scratch, every layer of a pretrained network adapted (v1), its layers frozen and only the new head learnt (v2).
 *
 * Claim: on real photos P@1, the accuracy, is in the order scratch < frozen <= full, means of 3 seeds after the last epoch.
 * Check: npm run recipe resnet18-three-ways -- DATA [MODEL.onnx] [--seeds 3 --out FOLDER], or -- --tiny for drawn stripes, on which the claim is not judged
 *
 * DATA is the folder of CIFAR-10, of which the first nine classes are taken (all but truck), or PathMNIST's file, pathmnist.npz, whose nine tissues the course
 * had. MODEL is a pretrained ResNet18, by its file or its name; the bundled weights where absent.
 *
 * As the course has it: cross-entropy, SGD at a constant rate of 0.001 with momentum 0.9, batches of 128, all three ways alike. Chosen here, so that nine
 * runs take 20 minutes of two cores: 64 px, 450 pictures of a class to learn from, 150 to test on, 5 epochs: 155 steps, where the course's one epoch on all of
 * PathMNIST is 703. That is far too short to learn from scratch, and so is the course's. Its test batches of 256 are of 128 here, which changes no figure.
 */
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { fineTune, openModel, openSource, ToolkitError } from "../toolkit/node.ts";
import type { Dataset, FineTuneSettings, SourceModel } from "../toolkit/node.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { CLASSES, nineClasses } from "./resnet18-three-ways/nine-classes.ts";
import { printNetwork } from "./resnet18-three-ways/print-network.ts";
import { stripes } from "./resnet18-three-ways/stripes.ts";
import { spreadOf, spreadText, writeResults } from "./write-results.ts";
import type { Spread } from "./write-results.ts";

/** One number proves nothing. */
const SEEDS = 3;
const AMOUNTS = { train: 450, test: 150 };
const EPOCHS = 5;

const SETTINGS = {
  sizePx: 64,
  resizePx: 64,
  epochs: EPOCHS,
  batchSize: 128,
  optimizer: "sgd",
  momentum: 0.9,
  rate: 1e-3,
  schedule: "constant",
  warmUpEpochs: 0,
  decay: 0,
  // moved by up to 8 px, turned, in another light, mirrored every other time
  augment: {
    crop: "padded",
    padding: 8,
    flipProbability: 0.5,
    steps: [
      { name: "rotate", degrees: 15 },
      { name: "color-jitter", brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05 },
    ],
  },
  keep: "last",
} satisfies FineTuneSettings;
/** Tissue has no up and down; photos have. */
const UPSIDE_DOWN = { name: "flip-vertical", probability: 0.5 } as const;

const WAYS = ["scratch", "frozen", "full"] as const;
type Way = (typeof WAYS)[number];
const TITLES: Readonly<Record<Way, string>> = {
  scratch: "from scratch",
  frozen: "frozen backbone (v2)",
  full: "fully fine-tuned (v1)",
};

/** What --tiny changes: it shows that the recipe runs, and nothing of its claim. Its network is a small one with random weights. */
const TINY = { sizePx: 32, resizePx: 32, epochs: 2, batchSize: 18 };
const TINY_AMOUNTS = { train: 8, test: 4 };
const TINY_NETWORK = "residual-cnn";
/** Of its weights, other than that of any run: they stand for learnt ones, which are not those that "from scratch" begins with. */
const TINY_WEIGHTS = 100;

interface Row {
  readonly way: Way;
  readonly seed: number;
  /** P@1, of the test pictures after the last epoch. */
  readonly top1: number;
  readonly top5Error: number;
  readonly loss: number;
  readonly seconds: number;
}

export interface ThreeWaysOptions {
  readonly say: (line: string) => void;
  readonly out: string;
  /** Stripes and less of everything where absent. */
  readonly data?: string;
  readonly model?: string;
  readonly seeds?: number;
  readonly cacheFolder?: string;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tiny: { type: "boolean", default: false },
      seeds: { type: "string" },
      out: { type: "string", default: join("runs", "resnet18-three-ways") },
    },
  });
  const [data, model] = positionals;
  if (data === undefined && !values.tiny) {
    throw new ToolkitError("E_USAGE", "Cannot start: expected the folder of CIFAR-10 or PathMNIST's file, or --tiny", {
      hint: "npm run recipe resnet18-three-ways -- DATA [MODEL.onnx] [--seeds 3] [--out FOLDER]; or -- --tiny",
    });
  }
  const say = (line: string): void => console.log(line);
  const claims = await threeWays({
    say,
    out: values.out,
    ...(data === undefined || values.tiny ? {} : { data }),
    ...(model === undefined ? {} : { model }),
    ...(values.seeds === undefined ? {} : { seeds: countOf(values.seeds) }),
  });
  if (!sayClaims(claims, say)) process.exitCode = 1;
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new ToolkitError("E_USAGE", `Cannot train with "${text}" seeds: expected 1 or more`);
}

/** All ways for all seeds, and the claim that they prove or do not. */
export async function threeWays(options: ThreeWaysOptions): Promise<readonly Claim[]> {
  const started = performance.now();
  const { say, out, data, cacheFolder } = options;
  const tiny = data === undefined;
  const { seeds = tiny ? 1 : SEEDS } = options;
  const amounts = tiny ? TINY_AMOUNTS : AMOUNTS;
  const source = tiny ? stripes(amounts) : await openSource(data);
  const settings = settingsFor(data);
  const model = await (tiny
    ? openModel(TINY_NETWORK, { weights: "random", seed: TINY_WEIGHTS })
    : openModel(options.model));
  if (model.explanation !== undefined) say(`${model.explanation}.`);
  for (const line of printNetwork(model, settings.sizePx)) say(line);
  say(`Its last layer makes room for one of ${CLASSES} outputs.\n`);

  const rows: Row[] = [];
  for (let seed = 0; seed < seeds; seed++) {
    const pictures = await nineClasses(source, seed, amounts);
    const count = `${pictures.train.length} pictures to learn from, ${pictures.validation.length} to test on`;
    say(`seed ${seed}: ${count}: ${pictures.classes.join(", ")}`);
    for (const way of WAYS) {
      const row = await learn(way, { model, pictures, settings, seed, cacheFolder });
      rows.push(row);
      say(`   ${cellsOf(row).join("   ")}`);
    }
  }
  const claims = [claimOf(rows, tiny)];
  await writeResults(out, {
    recipe: "resnet18-three-ways",
    claims,
    data: { from: tiny ? "drawn stripes" : "the first nine classes", perClass: amounts },
    settings: { model: { name: model.name, sha256: model.sha256 }, ...settings },
    summary: Object.fromEntries(WAYS.map((way) => [way, summaryOf(rows, way)])),
    rows,
    table: [["way", "P@1", "top-5 error", "seconds"], ...WAYS.map((way) => summaryCells(rows, way))],
    seconds: (performance.now() - started) / 1000,
  });
  return claims;
}

/** What of the settings is looked at here. */
type Chosen = FineTuneSettings & Required<Pick<FineTuneSettings, "sizePx" | "epochs">>;

/** The course's settings, for these pictures. */
export function settingsFor(data: string | undefined): Chosen {
  if (data === undefined) return { ...SETTINGS, ...TINY };
  if (!basename(data).startsWith("pathmnist")) return SETTINGS;
  const { augment } = SETTINGS;
  return { ...SETTINGS, augment: { ...augment, steps: [...augment.steps, UPSIDE_DOWN] } };
}

interface Run {
  readonly model: SourceModel;
  readonly pictures: Dataset;
  readonly settings: Chosen;
  readonly seed: number;
  readonly cacheFolder: string | undefined;
}

/** One way for one seed, from the file to the last epoch. The test pictures choose nothing. */
async function learn(way: Way, { model, pictures: data, settings, seed, cacheFolder }: Run): Promise<Row> {
  const started = performance.now();
  const run = await fineTune({
    ...settings,
    mode: way,
    // the frozen layers see every epoch's augmented pictures, as the others do
    ...(way === "frozen" ? { views: settings.epochs } : {}),
    ...(cacheFolder === undefined ? {} : { cacheFolder }),
    model,
    data,
    seed,
  });
  const final = (await run.result).stages.at(-1)?.final;
  if (!final) throw new Error("the run ended without an evaluation");
  const { top1, top5Error, loss } = final;
  return { way, seed, top1, top5Error, loss, seconds: (performance.now() - started) / 1000 };
}

/** Whether the means over seeds are in the order that was claimed. */
export function claimOf(rows: readonly Row[], tiny: boolean): Claim {
  const means = Object.fromEntries(WAYS.map((way) => [way, summaryOf(rows, way).top1])) as Record<Way, Spread>;
  const { scratch, frozen, full } = means;
  const holds = scratch.mean < frozen.mean && frozen.mean <= full.mean;
  return {
    text: `P@1 in the order scratch < frozen <= full, means of ${SEEDS} seeds`,
    // fewer seeds are no mean of three
    holds: tiny || full.seeds < SEEDS ? undefined : holds,
    figures: `${WAYS.map((way) => `${way} ${spreadText(means[way])}`).join(", ")}; ${full.seeds} seeds`,
  };
}

interface Summary {
  readonly top1: Spread;
  readonly top5Error: Spread;
  readonly seconds: Spread;
}

function summaryOf(rows: readonly Row[], way: Way): Summary {
  const of = (figure: "top1" | "top5Error" | "seconds"): Spread =>
    spreadOf(rows.filter((row) => row.way === way).map((row) => row[figure]));
  return { top1: of("top1"), top5Error: of("top5Error"), seconds: of("seconds") };
}

function summaryCells(rows: readonly Row[], way: Way): readonly string[] {
  const { top1, top5Error, seconds } = summaryOf(rows, way);
  return [TITLES[way], spreadText(top1), spreadText(top5Error), seconds.mean.toFixed(0)];
}

function cellsOf({ way, top1, top5Error, seconds }: Row): readonly string[] {
  const shares = [`P@1 ${(100 * top1).toFixed(2)} %`, `top-5 error ${(100 * top5Error).toFixed(2)} %`];
  return [TITLES[way].padEnd(21), ...shares, `${seconds.toFixed(0)} s`];
}
