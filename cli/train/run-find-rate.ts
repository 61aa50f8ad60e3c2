import { writeFile } from "node:fs/promises";
import { extname } from "node:path";
import { errorMessage, ToolkitError } from "../../toolkit/errors.ts";
import { cacheFolder as defaultCacheFolder, findRate, openModel } from "../../toolkit/node.ts";
import type { FoundRate } from "../../toolkit/node.ts";
import { chartSvg } from "../../toolkit/report/chart-figure.ts";
import { rateChart, ratePage } from "../../toolkit/report/rate-chart.ts";

import { pickDevice } from "../device-option.ts";
import { given } from "../given.ts";
import { photoFetcher } from "../photo-fetcher.ts";
import type { Output } from "../output.ts";
import { sayLeftOut, sortBad } from "../unreadable.ts";
import { trainingDisplay } from "./display.ts";
import { checkSizes, settingsOf } from "./run-training.ts";
import { trainingData } from "./training-data.ts";
import type { TrainingOptions } from "./run-training.ts";

/** Those of `train` that a range test depends on, and where its curve goes. */
export type FindRateOptions = Omit<TrainingOptions, keyof typeof ELSEWHERE> & { readonly out: string };

export interface FindRateInput {
  readonly options: FindRateOptions;
  readonly positionals: { readonly data: string };
  readonly out: Output;
  readonly signal: AbortSignal;
}

/** What `train` may be told that has nothing to do with a range test. */
const ELSEWHERE = {
  out: undefined,
  resume: false,
  forceResume: false,
  autotune: false,
  epochs: undefined,
  schedule: undefined,
  warmUp: undefined,
  ema: undefined,
  teacher: undefined,
  temperature: undefined,
  teacherShare: undefined,
  maxSteps: undefined,
  rate: "auto",
  keep: "best",
  soupSize: undefined,
  patience: undefined,
  stopMetric: undefined,
  leastImprovement: undefined,
  timeLimit: undefined,
  onNonFinite: "stop",
  maxBad: 1,
} as const;

/** `find-rate`, from its options to the figure. */
export async function runFindRate({ options, positionals: { data }, out, signal }: FindRateInput): Promise<void> {
  checkSizes(options);
  const { out: file, seed, mean, std, cache: cacheFolder = defaultCacheFolder() } = options;
  const isSvg = endingOf(file) === ".svg";
  const settings = settingsOf({ ...options, ...ELSEWHERE });
  const fetchFile = photoFetcher({ cacheFolder, signal });
  const { dataset } = await trainingData(data, options, { out, signal, fetchFile });
  sayLeftOut(out, sortBad(dataset.bad).others);
  const random =
    options.mode === "scratch" ? { weights: "random" as const, seed, ...given({ sizePx: options.size }) } : {};
  const model = await openModel(options.model, { cacheFolder, signal, ...given({ mean, std }), ...random });
  if (model.explanation !== undefined) out.say(model.explanation);
  const device = await pickDevice(options.device, { out, signal, cacheFolder });
  const events = findRate({
    ...settings,
    model,
    device,
    data: dataset,
    cacheFolder,
    pictureCacheBytes: options.pictureCache * 1e9,
    ...given({ decodeProcesses: options.decoders }),
    signal,
  });
  const display = trainingDisplay(out, () => performance.now());
  let item = await events.next();
  try {
    for (; !item.done; item = await events.next()) {
      // only the head of staged has epochs to show
      if (item.value.kind !== "stage" || options.mode === "staged") display.show(item.value);
    }
  } finally {
    display.stop();
  }
  const { test } = item.value;
  try {
    await writeFile(file, isSvg ? await chartSvg(rateChart(test)) : await ratePage(test, "Learning rate"));
  } catch (cause) {
    throw new ToolkitError("E_WRITE", `Cannot write "${file}": ${errorMessage(cause)}`, { cause });
  }
  report(out, file, item.value);
}

/** @throws E_USAGE */
function endingOf(file: string): string {
  const ending = extname(file).toLowerCase();
  if (ending === ".html" || ending === ".svg") return ending;
  throw new ToolkitError("E_USAGE", `Cannot use --out "${file}": expected a name that ends in .html or .svg`, {
    hint: "the ending says how the curve is written",
  });
}

function report(out: Output, file: string, { stage, test }: FoundRate): void {
  const { points, suggestion, steepest, lowest } = test;
  const numbers = { suggestion: suggestion ?? null, steepest: steepest ?? null, lowest: lowest ?? null };
  if (out.wantsJson) out.json({ stage, ...numbers, points, file });
  out.table([
    ["suggested rate", shown(suggestion)],
    ["steepest at", shown(steepest)],
    ["lowest at", shown(lowest)],
    ["curve", file],
  ]);
  out.say(
    suggestion === undefined
      ? "the loss fell at no rate that was tried"
      : `train with it: --rate ${shown(suggestion)}; --rate auto makes the test itself`,
  );
}

function shown(rate: number | undefined): string {
  return rate === undefined ? "-" : String(Number(rate.toPrecision(2)));
}
