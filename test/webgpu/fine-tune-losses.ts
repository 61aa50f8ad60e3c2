import { readDataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import type { Platform } from "../../toolkit/fine-tune/platform.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntimeOn } from "../support/run-graph.ts";

/** Steps of each stage whose losses are compared. */
export const STEPS = 5;
const BATCH = 4;

/**
 * What is trained: a ResNet18 of width 8 with its BatchNormalization, or folded, on pictures of 64 px. Of 32 px its last maps would be of one pixel, and batch statistics those
 * of 4 numbers: then the order of sums alone moves losses by 1e-3 within five steps, on the CPU too.
 */
export interface Training {
  readonly name: string;
  readonly file: string;
  readonly settings: FineTuneSettings;
}

const SMALL: FineTuneSettings = { sizePx: 64, batchSize: BATCH, seed: 3, cropScale: 0.5, maxSteps: STEPS, epochs: 1 };
const WITH_NORMS = "resnet18-width8/bn.onnx";
const FOLDED = "resnet18-width8/folded.onnx";

export const trainings: readonly Training[] = [
  { name: "frozen", file: WITH_NORMS, settings: { mode: "frozen" } },
  { name: "full, batch statistics", file: WITH_NORMS, settings: { mode: "full", batchNorm: "batch" } },
  { name: "full, frozen statistics", file: WITH_NORMS, settings: { mode: "full", batchNorm: "frozen" } },
  // without norms the usual rate makes losses jump, and magnifies any last digit
  { name: "full, folded", file: FOLDED, settings: { mode: "full", batchNorm: "keep", rate: 1e-4 } },
  { name: "partial, layer4", file: WITH_NORMS, settings: { mode: "partial", trainFrom: "layer4", batchNorm: "batch" } },
  {
    name: "staged, batch statistics",
    file: WITH_NORMS,
    settings: { mode: "staged", headEpochs: 1, batchNorm: "batch" },
  },
  {
    name: "staged, frozen statistics",
    file: WITH_NORMS,
    settings: { mode: "staged", headEpochs: 1, batchNorm: "frozen" },
  },
];

/** The losses of all steps of a training on a provider, and the accuracy of what was exported beside the training graph. */
export interface Losses {
  readonly losses: readonly number[];
  /** Of the network that is exported, on the validation photos. */
  readonly loss: number;
}

/** Fine-tunes on the photos of a folder. */
export async function fineTuneLosses(
  photos: string,
  { file, settings }: Training,
  provider: Provider,
): Promise<Losses> {
  const platform: Platform = { runtime: directRuntimeOn(provider), decoder: sharpDecoder(), hashFile };
  const source = { model: await readModelFile(fixture(file)), name: file, sha256: "01" };
  const dataset = await readDataset(photos, { seed: 1 });
  const run = fineTune({ ...SMALL, ...settings, source, dataset, platform });
  const losses: number[] = [];
  for await (const event of run) if (event.kind === "step") losses.push(event.loss);
  const { evaluation } = await run.result;
  return { losses, loss: evaluation?.loss ?? Number.NaN };
}
