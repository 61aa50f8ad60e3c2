/**
 * ConvNets on CIFAR-10, step by step as a course builds them: sizes, weights and receptive fields of its network by the formulas; then normalisation,
 * augmentation, momentum with an exponential decay, dropout, batch normalisation, four optimizers, cutout and noise, a row of a table each.
 *
 * Claims: the graph has the sizes, weights and receptive fields of the formulas; the course's network as it begins tells about 65 % (60 to 70) of the 10,000
 * test pictures; with all steps, at least 80 %, mean of 2 seeds. The last epoch counts: the test pictures choose nothing.
 * Check: npm run recipe cifar10-convnet -- DATA [--out FOLDER] [--only baseline,ablation,final] [--seed N], or -- --tiny for drawn pictures, on which only
 * the first claim is judged
 *
 * DATA is the folder of CIFAR-10's binary version, or of train.json and test.json. Each row is a run folder below FOLDER: the same command goes on where it
 * was interrupted, and what was trained in parts comes together in result.json, result.md and curves.html. The table is made with less than the claims:
 * 10,000 pictures, 6 epochs, one seed.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { untrainedModel } from "../models/untrained-model.ts";
import { inspectModel, ToolkitError } from "../toolkit/node.ts";
import type { Dataset } from "../toolkit/node.ts";
import { COURSE_DENSE, COURSE_WINDOWS, denseWeights, sizesOf } from "./cifar10-convnet/by-formula.ts";
import { curvesHtml } from "./cifar10-convnet/curves.ts";
import { courseNet } from "./cifar10-convnet/networks.ts";
import { drawnPictures, readPictures, someOf } from "./cifar10-convnet/pictures.ts";
import { ablation, baseline, everything } from "./cifar10-convnet/steps.ts";
import type { Step } from "./cifar10-convnet/steps.ts";
import { percent, rowIn, trainRow } from "./cifar10-convnet/train-row.ts";
import type { Row } from "./cifar10-convnet/train-row.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { printNetwork } from "./resnet18-three-ways/print-network.ts";
import { spreadOf, spreadText, writeResults } from "./write-results.ts";

const PARTS = ["baseline", "ablation", "final"] as const;
type Part = (typeof PARTS)[number];

/** One number proves nothing. */
const SEEDS = [0, 1] as const;
const LEAST_RIGHT = 0.8;
const ABOUT = { least: 0.6, most: 0.7 } as const;

/** Pictures that the table's rows learn from, and epochs of every part. Two cores that have nothing else to do take an hour for all of it. */
const FULL: Plan = { pictures: 10_000, ablation: 6, baseline: 6, final: 10, seeds: SEEDS };
/** What --tiny changes: it shows that the recipe runs, and nothing of what it claims to learn. */
const TINY: Plan = {
  pictures: 48,
  ablation: 1,
  baseline: 1,
  final: 1,
  seeds: [0],
  batchSize: 16,
  rows: ["dropout", "amsgrad", "noise"],
};
const TINY_PICTURES = { train: 64, test: 20 };

interface Plan {
  readonly pictures: number;
  readonly ablation: number;
  readonly baseline: number;
  readonly final: number;
  readonly seeds: readonly number[];
  readonly batchSize?: number;
  /** Rows of the table that are trained; all where absent. */
  readonly rows?: readonly string[];
}

export interface Cifar10ConvnetOptions {
  readonly say: (line: string) => void;
  readonly out: string;
  /** CIFAR-10; drawn pictures and a small plan where absent. */
  readonly data?: string;
  /** Parts, or rows of the table by their names, that are trained now; what others have come to is taken from `out`. */
  readonly only?: readonly string[];
  /** The only one of the final network's seeds that is trained now. */
  readonly seed?: number;
  readonly cacheFolder?: string;
  readonly signal?: AbortSignal;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      tiny: { type: "boolean", default: false },
      out: { type: "string" },
      only: { type: "string" },
      seed: { type: "string" },
    },
  });
  const [data] = positionals;
  if (data === undefined && !values.tiny) {
    throw new ToolkitError("E_USAGE", "Cannot start: expected the folder of CIFAR-10, or --tiny", {
      hint: "npm run recipe cifar10-convnet -- DATA [--out FOLDER] [--only baseline,ablation,final] [--seed N]; or -- --tiny",
    });
  }
  const only = values.only === undefined ? {} : { only: partsOf(values.only) };
  const seed = values.seed === undefined ? {} : { seed: seedOf(values.seed) };
  const say = (line: string): void => console.log(line);
  // ends with a checkpoint; a second one ends at once
  const stop = new AbortController();
  process.once("SIGINT", () => stop.abort());
  const tiny = data === undefined || values.tiny;
  const source = tiny ? {} : { data };
  const { out = join("runs", tiny ? "cifar10-convnet-tiny" : "cifar10-convnet") } = values;
  const claims = await learnConvnets({ ...source, ...only, ...seed, say, out, signal: stop.signal });
  if (!sayClaims(claims, say)) process.exitCode = 1;
}

function partsOf(text: string): readonly string[] {
  const known = [...PARTS, ...ablation(FULL.ablation).map(({ id }) => id)];
  const names = text.split(",");
  if (names.every((name) => known.includes(name))) return names;
  throw new ToolkitError("E_USAGE", `Cannot train only "${text}": expected some of ${known.join(",")}`);
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (SEEDS.some((known) => known === seed)) return seed;
  throw new ToolkitError("E_USAGE", `Cannot use seed "${text}": expected one of ${SEEDS.join(", ")}`);
}

/** A row that is to be trained, and where. */
interface Job {
  readonly part: Part;
  readonly step: Step;
  readonly seed: number;
  readonly data: Dataset;
  readonly folder: string;
}

export async function learnConvnets(options: Cifar10ConvnetOptions): Promise<readonly Claim[]> {
  const { say, out, data, only = PARTS, seed, cacheFolder, signal } = options;
  const tiny = data === undefined;
  const plan = tiny ? TINY : FULL;
  const sizes = saySizes(say, plan);
  const pictures = tiny ? drawnPictures(TINY_PICTURES.train, TINY_PICTURES.test) : await readPictures(data);
  const jobs = jobsOf(plan, pictures, out);
  for (const job of jobs) {
    const isWanted = only.includes(job.part) || (job.part === "ablation" && only.includes(job.step.id));
    if (!isWanted || (job.part === "final" && seed !== undefined && job.seed !== seed)) continue;
    const count = job.data.train.length.toLocaleString("en");
    say(`\n${job.part}: ${job.step.adds}; ${count} pictures, seed ${job.seed}`);
    await trainRow(job.step, { ...job, say, cacheFolder, signal });
  }
  return conclude(jobs, sizes, { out, tiny, pictures, say });
}

/** What is worth the most comes first. */
function jobsOf(plan: Plan, pictures: Dataset, out: string): readonly Job[] {
  const some = someOf(pictures, plan.pictures);
  const [first = 0] = plan.seeds;
  const job = (part: Part, step: Step, seed: number, data: Dataset): Job => {
    const { batchSize } = plan;
    const fitted = batchSize === undefined ? step : { ...step, settings: { ...step.settings, batchSize } };
    const name = part === "final" ? `seed-${seed}` : step.id;
    return { part, step: fitted, seed, data, folder: join(out, part, name) };
  };
  const rows = ablation(plan.ablation).filter(({ id }) => plan.rows?.includes(id) ?? true);
  return [
    job("baseline", baseline(plan.baseline), first, pictures),
    ...plan.seeds.map((seed) => job("final", everything(plan.final), seed, pictures)),
    ...rows.map((step) => job("ablation", step, first, some)),
  ];
}

interface Sizes {
  readonly claim: Claim;
}

/** Prints both networks, and compares the course's with the formulas. */
function saySizes(say: (line: string) => void, plan: Plan): Sizes {
  const course = untrainedModel(courseNet({}));
  say("The course's network");
  for (const line of printNetwork(course, 32)) say(`   ${line}`);
  say("\nThe network for all steps together");
  for (const line of printNetwork(untrainedModel(everything(plan.final).network), 32)) say(`   ${line}`);

  const { layers } = inspectModel(course.model, { sizePx: 32 });
  const formulas = sizesOf(COURSE_WINDOWS, { channels: 3, sidePx: 32 });
  const last = formulas.at(-1);
  if (!last) throw new Error("the network has no layers");
  const dense = denseWeights(last.channels * last.sidePx ** 2, COURSE_DENSE);
  const isSame = formulas.every(({ name, channels, sidePx, weights, seesPx }) => {
    const layer = layers.find((one) => one.name === name);
    const shape = `1,${channels},${sidePx},${sidePx}`;
    return layer?.output.join() === shape && layer.parameters === weights && layer.receptiveFieldPx === seesPx;
  });
  const total = [...formulas.map(({ weights }) => weights), ...dense].reduce((sum, weights) => sum + weights, 0);
  // biases of the dense layers are none of the course's weights
  const biases = COURSE_DENSE.reduce((sum, width) => sum + width, 0);
  const found = layers.reduce((sum, { parameters }) => sum + parameters, 0);
  return {
    claim: {
      text: "the graph has the output sizes, weights and receptive fields of the formulas",
      holds: isSame && found === total + biases,
      figures: `${total.toLocaleString("en")} weights and ${biases.toLocaleString("en")} biases; an output of ${last.name} sees ${last.seesPx} px`,
    },
  };
}

interface Conclusion {
  readonly out: string;
  readonly tiny: boolean;
  readonly pictures: Dataset;
  readonly say: (line: string) => void;
}

/** What all rows that are done have come to, now or earlier. */
async function conclude(
  jobs: readonly Job[],
  sizes: Sizes,
  { out, tiny, pictures, say }: Conclusion,
): Promise<readonly Claim[]> {
  const done = await Promise.all(
    jobs.map(async ({ part, folder, step, data }) => ({ part, row: await rowIn(folder, step, data) })),
  );
  const rows = done.flatMap(({ part, row }) => (row ? [{ part, ...row }] : []));
  const of = (part: Part): readonly Row[] => rows.filter((row) => row.part === part);
  const claims = [sizes.claim, baselineClaim(of("baseline"), tiny), finalClaim(of("final"), tiny)];
  const tests = pictures.validation.length.toLocaleString("en");
  const head = ["trained on", "adds", `of ${tests} test pictures`, "test loss", "in training", "epochs", "seconds"];
  const table = [head, ...[...of("baseline"), ...of("ablation"), ...of("final")].map(cellsOf)];
  await mkdir(out, { recursive: true });
  await writeFile(join(out, "curves.html"), await curvesHtml(rows));
  await writeResults(out, {
    recipe: "cifar10-convnet",
    claims,
    data: {
      from: tiny ? "drawn pictures" : "CIFAR-10",
      train: pictures.train.length,
      test: pictures.validation.length,
    },
    settings: { plan: tiny ? TINY : FULL },
    summary: of("final").length > 0 ? spreadOf(of("final").map(({ top1 }) => top1)) : {},
    rows,
    table,
    seconds: rows.reduce((sum, { seconds }) => sum + seconds, 0),
  });
  say(`\n${join(out, "result.md")} has the table, ${join(out, "curves.html")} the curves.`);
  return claims;
}

function baselineClaim([row]: readonly Row[], tiny: boolean): Claim {
  const { least, most } = ABOUT;
  return {
    text: `the course's network as it begins tells about 65 % (${100 * least} to ${100 * most}) of the test pictures`,
    holds: tiny || !row ? undefined : row.top1 >= least && row.top1 <= most,
    figures: row
      ? `${percent(row.top1)} after ${row.epochs.length} epochs, ${Math.round(row.seconds)} s`
      : "not run yet",
  };
}

/** Whether the mean over seeds is as high as was claimed. */
export function finalClaim(rows: readonly Pick<Row, "top1" | "seconds">[], tiny: boolean): Claim {
  const text = `with all steps at least ${100 * LEAST_RIGHT} % of the test pictures, mean of ${SEEDS.length} seeds`;
  if (rows.length === 0) return { text, holds: undefined, figures: "not run yet" };
  const right = spreadOf(rows.map(({ top1 }) => top1));
  const seconds = spreadOf(rows.map((row) => row.seconds)).mean;
  return {
    text,
    // fewer seeds are no mean of two
    holds: tiny || rows.length < SEEDS.length ? undefined : right.mean >= LEAST_RIGHT,
    figures: `${spreadText(right)}, ${rows.length} seeds, ${Math.round(seconds)} s a seed`,
  };
}

function cellsOf({ adds, pictures, seed, top1, loss, epochs, seconds }: Row): readonly string[] {
  const learnt = epochs.at(-1)?.trainAccuracy ?? null;
  return [
    `${pictures.toLocaleString("en")}, seed ${seed}`,
    adds,
    percent(top1),
    loss.toFixed(3),
    learnt === null ? "" : percent(learnt),
    String(epochs.length),
    seconds.toFixed(0),
  ];
}
