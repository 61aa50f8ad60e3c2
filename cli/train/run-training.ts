import { ToolkitError } from "../../toolkit/errors.ts";
import { cacheFolder as defaultCacheFolder, fineTune, openModel } from "../../toolkit/node.ts";
import type { FineTuneOptions, LossChoice, OptimizerChoice, ScheduleChoice } from "../../toolkit/node.ts";
import type { Device } from "../../toolkit/runtime/device.ts";
import { sourceKind } from "../../toolkit/data/sources/source-kind.ts";
import type { ExitCode, NamedValue } from "../command.ts";
import { pickDevice } from "../device-option.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import { photoFetcher } from "../photo-fetcher.ts";
import { judgeUnreadable, sayLeftOut, sortBad } from "../unreadable.ts";
import { defaultRunFolder } from "./run-path.ts";
import { craftOf } from "./craft-of.ts";
import { resultJson, sayResult } from "./result.ts";
import { trainingDisplay } from "./display.ts";
import { trainingData } from "./training-data.ts";
import type { DataOptions } from "./training-data.ts";

/** What commands/train.ts reads off the command line. */
export interface TrainingInput {
  readonly options: TrainingOptions;
  readonly positionals: { readonly data: string };
  readonly out: Output;
  readonly signal: AbortSignal;
}

type Chosen<K extends keyof FineTuneOptions> = Exclude<FineTuneOptions[K], undefined>;

export interface TrainingOptions extends DataOptions {
  readonly model: string | undefined;
  readonly mode: Chosen<"mode">;
  readonly out: string | undefined;
  readonly resume: boolean;
  readonly forceResume: boolean;
  readonly threads: number | undefined;
  readonly device: Device | undefined;
  readonly autotune: boolean;
  readonly epochs: number | undefined;
  readonly headEpochs: number | undefined;
  readonly batch: number;
  readonly rate: Chosen<"rate"> | undefined;
  readonly headRate: Chosen<"headRate"> | undefined;
  readonly stemFactor: number | undefined;
  readonly optimizer: NamedValue | undefined;
  readonly momentum: number;
  readonly loss: NamedValue | undefined;
  readonly schedule: NamedValue | undefined;
  readonly warmUp: number | undefined;
  readonly accumulate: number;
  readonly clipNorm: number | undefined;
  readonly clipValue: number | undefined;
  readonly clipAdaptive: number | undefined;
  readonly ema: number | undefined;
  readonly sharpness: number | undefined;
  readonly teacher: string | undefined;
  readonly temperature: number | undefined;
  readonly teacherShare: number | undefined;
  readonly decay: number | undefined;
  readonly labelSmoothing: number;
  readonly maxSteps: number | undefined;
  readonly keep: Chosen<"keep">;
  readonly soupSize: number | undefined;
  readonly patience: number | undefined;
  readonly stopMetric: Chosen<"stopMetric"> | undefined;
  readonly leastImprovement: number | undefined;
  readonly timeLimit: string | undefined;
  readonly onNonFinite: Chosen<"onNonFinite">;
  readonly precision: Chosen<"precision">;
  readonly classWeights: Chosen<"classWeights"> | undefined;
  readonly posWeight: Chosen<"posWeight"> | undefined;
  readonly sampler: Chosen<"sampler">;
  readonly batchNorm: Chosen<"batchNorm">;
  readonly hidden: number;
  readonly dropout: number;
  readonly head: string | undefined;
  readonly features: string | undefined;
  readonly size: number | undefined;
  readonly mean: readonly number[] | undefined;
  readonly std: readonly number[] | undefined;
  readonly augment: boolean;
  readonly augmentation: string | undefined;
  readonly mixup: number;
  readonly cutmix: number;
  readonly cropScale: number;
  readonly maxBad: number;
  readonly cache: string | undefined;
  readonly pictureCache: number;
  readonly trainFrom: string | undefined;
  readonly unfreeze: number | undefined;
  readonly views: number;
  readonly cacheType: Chosen<"cacheType">;
  readonly cacheMemory: number;
  readonly cacheDisk: number;
}

/** `train`, from its options to what is said at the end. */
export async function runTraining({ options, positionals, out, signal }: TrainingInput): Promise<ExitCode> {
  const { data } = positionals;
  const since = performance.now();
  checkSizes(options);
  const settings = settingsOf(options);
  const { seed, forceResume, mean, std } = options;
  const resume = options.resume || forceResume;
  const cacheFolder = options.cache ?? defaultCacheFolder();
  const folder = options.out ?? (await defaultRunFolder(data, { resume }));
  // a name or path that is wrong is said before thousands of photos are looked at
  await sourceKind(data);
  const random =
    options.mode === "scratch" ? { weights: "random" as const, seed, ...given({ sizePx: options.size }) } : {};
  const model = await openModel(options.model, { cacheFolder, signal, ...given({ mean, std }), ...random });
  const device = await pickDevice(options.device, { out, signal, cacheFolder });
  const prepared = await trainingData(data, options, {
    out,
    signal,
    fetchFile: photoFetcher({ cacheFolder, signal }),
    ...(resume ? { resumed: folder } : {}),
  });
  const { dataset } = prepared;
  const { unreadable: missing, others } = sortBad(dataset.bad);
  sayLeftOut(out, others);
  if (model.explanation !== undefined) out.say(model.explanation);
  const run = await fineTune({
    ...settings,
    model,
    device,
    data: prepared,
    out: folder,
    resume,
    forceResume,
    stated: statedOf(data, options),
    since,
    cacheFolder,
    pictureCacheBytes: options.pictureCache * 1e9,
    ...given({ decodeProcesses: options.decoders }),
    signal,
  });
  out.say(`run folder: ${folder}`);
  const saysLabels = dataset.classes.length > 0;
  const display = trainingDisplay(out, () => performance.now(), { saysLabels });
  try {
    for await (const event of run) display.show(event);
  } finally {
    display.stop();
  }
  const result = await run.result;
  if (result.status === "stopped") {
    sayStopped(out, folder, display.checkpoint());
    return 1;
  }
  if (out.wantsJson) out.json(resultJson(folder, result));
  else sayResult(out, folder, result, { data, test: dataset.test?.length ?? 0 });
  // what never was a photo is no unreadable one
  const known = new Set(others.map(({ file }) => file));
  const bad = result.bad.filter(({ path }) => !known.has(path));
  const unreadable = bad.map(({ path, code, message }) => ({ file: path, code, message }));
  const total = dataset.train.length + dataset.validation.length + missing.length;
  return judgeUnreadable(out, { unreadable, total, maxBad: options.maxBad });
}

/** @throws E_USAGE */
export function checkSizes({ size, resize }: Pick<TrainingOptions, "size" | "resize">): void {
  if (size === undefined || resize === undefined || resize >= size) return;
  throw new ToolkitError("E_USAGE", `Cannot use --resize "${resize}": expected --size, ${size}, or more`, {
    hint: "a square of --size is cut out of the photo whose shorter side is --resize",
  });
}

/** The settings that the options of `train` stand for. @throws E_USAGE */
export function settingsOf(options: TrainingOptions): Omit<FineTuneOptions, "data"> {
  const { batch, size, resize, mode, seed, augment, ...others } = options;
  const { epochs, headEpochs, optimizer, momentum, decay, labelSmoothing, batchNorm } = others;
  const { stemFactor, cropScale, hidden, dropout, head, features, threads, maxSteps } = others;
  const { loss, schedule, warmUp, accumulate, ema, teacher, ...numbers } = others;
  const { clipNorm, clipValue, clipAdaptive, sharpness, temperature, teacherShare } = numbers;
  const { trainFrom, unfreeze, views, cacheType, cacheMemory, cacheDisk, autotune } = options;
  return {
    mode,
    seed,
    augment: augment && (options.augmentation ?? true),
    mixup: options.mixup,
    cutmix: options.cutmix,
    ...craftOf(options),
    autotune,
    batchSize: batch,
    momentum,
    labelSmoothing,
    batchNorm,
    accumulate,
    cropScale,
    hidden,
    dropout,
    views,
    cacheType,
    cacheMemoryBytes: cacheMemory * 1e9,
    cacheDiskBytes: cacheDisk * 1e9,
    ...given({ trainFrom, unfreeze }),
    ...given({ epochs, headEpochs, decay, stemFactor, head, features, threads, maxSteps }),
    // which options a name takes, and of what kind, is checked where they are read
    ...given({ optimizer: optimizer as OptimizerChoice | undefined, loss: loss as LossChoice | undefined }),
    ...given({ schedule: schedule as ScheduleChoice | undefined }),
    ...given({ clipNorm, clipValue, clipAdaptive, sharpness, teacher, temperature, teacherShare }),
    ...given({ sizePx: size, resizePx: resize, warmUpEpochs: warmUp, averageDecay: ema }),
  };
}

/** What else config.json must hold for the run to be repeated from it. */
function statedOf(data: string, options: TrainingOptions): Readonly<Record<string, string | number>> {
  const { targets, validationShare, testShare, splitBy, folds, fold, leaks, mean, std } = options;
  return {
    data,
    ...given({ targets, validationShare, testShare, splitBy, folds, fold, leaks }),
    ...given({ mean: mean?.join(","), std: std?.join(",") }),
  };
}

function sayStopped(out: Output, folder: string, checkpoint: string | undefined): void {
  if (out.wantsJson) out.json({ type: "stopped", checkpoint: checkpoint ?? null });
  out.say(checkpoint === undefined ? "stopped before the first checkpoint" : `stopped; checkpoint: ${checkpoint}`);
  out.say(`go on with: the same command and --resume --out ${folder}`);
}
