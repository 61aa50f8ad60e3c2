import { join } from "node:path";
import { ToolkitError } from "../../toolkit/errors.ts";
import { cacheFolder as defaultCacheFolder, openModel, sweep } from "../../toolkit/node.ts";
import type { SweepOptions, SweepResult } from "../../toolkit/node.ts";
import type { Device } from "../../toolkit/runtime/device.ts";
import type { ExitCode } from "../command.ts";
import { pickDevice } from "../device-option.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import { photoFetcher } from "../photo-fetcher.ts";
import { defaultRunFolder } from "../train/run-path.ts";
import { readTargets } from "../train/targets-option.ts";
import { readSpace } from "./read-space.ts";
import { sweepDisplay } from "./sweep-display.ts";
import { resultJson, saySweepResult } from "./sweep-result.ts";

/** What commands/sweep.ts reads off the command line. */
export interface SweepInput {
  readonly options: SweepFlags;
  readonly positionals: { readonly data: string };
  readonly out: Output;
  readonly signal: AbortSignal;
}

type Numbers = "steps" | "factor" | "leastEpochs" | "drawSeed" | "seeds" | "seed" | "validationShare";
/** Settings that may be swept. */
const SETTINGS = [
  "mode",
  "rate",
  "headRate",
  "decay",
  "momentum",
  "optimizer",
  "epochs",
  "batch",
  "hidden",
  "dropout",
  "labelSmoothing",
  "loss",
  "schedule",
  "warmUp",
  "ema",
  "stemFactor",
  "unfreeze",
  "trainFrom",
  "size",
  "resize",
  "headEpochs",
  "accumulate",
  "clipNorm",
  "sharpness",
  "sampler",
  "batchNorm",
  "views",
  "augment",
  "cropScale",
  "mixup",
  "cutmix",
  "keep",
  "head",
  "features",
] as const;

type SweepSettings = NonNullable<SweepOptions["settings"]>;
type Swept = (typeof SETTINGS)[number];

type SweepFlags = Readonly<Record<Numbers, number>> &
  Readonly<Record<Swept, unknown>> &
  Readonly<Record<"model" | "out" | "space" | "cache" | "targets", string | undefined>> &
  Readonly<Record<"trials" | "threads" | "decoders", number | undefined>> &
  Readonly<Record<"mean" | "std", readonly number[] | undefined>> & {
    readonly device: Device | undefined;
    readonly classWeights: SweepSettings["classWeights"];
    readonly posWeight: SweepSettings["posWeight"];
    readonly precision: "float32" | "mixed";
    readonly method: "random" | "grid" | "halving";
    readonly resume: boolean;
    readonly retryFailed: boolean;
    readonly json: boolean;
  };

/** 0: all trials were run and one came to an end; 1: stopped, or every trial failed. */
export async function runSweep({ options, positionals, out, signal }: SweepInput): Promise<ExitCode> {
  const { space, settings } = await readSpace(
    options.space,
    Object.fromEntries(SETTINGS.map((name) => [name, options[name]])),
  );
  const folder = options.out ?? (await defaultRunFolder(positionals.data, { resume: options.resume }));
  const { seed, threads, cache = defaultCacheFolder(), mean, std, decoders, trials } = options;
  const { classWeights, posWeight, precision } = options;
  const { method, seeds, steps, factor, leastEpochs, drawSeed, resume, retryFailed, validationShare } = options;
  const stated = given({ mean, std });
  const model =
    Object.keys(stated).length === 0
      ? options.model
      : await openModel(options.model, { cacheFolder: cache, signal, ...stated });
  const device = await pickDevice(options.device, { out, signal, cacheFolder: cache });
  const asked: SweepOptions = {
    device,
    space,
    settings: { mode: "frozen", ...settings, seed, precision, ...given({ threads, classWeights, posWeight }) },
    data: positionals.data,
    out: folder,
    cacheFolder: cache,
    method,
    seeds,
    steps,
    factor,
    leastEpochs,
    drawSeed,
    resume,
    retryFailed,
    validationShare,
    signal,
    fetchFile: photoFetcher({ cacheFolder: cache, signal }),
    ...given({ model, trials, decodeProcesses: decoders }),
    ...(options.targets === undefined ? {} : { targets: readTargets(options.targets) }),
  };
  const result = await shown(asked, out, folder);
  if (out.wantsJson) out.json(resultJson(folder, result));
  else saySweepResult(out, folder, positionals.data, result);
  if (result.status === "stopped") {
    out.say(`go on with: the same command and --resume --out ${folder}`);
    return 1;
  }
  if (result.best) return 0;
  throw new ToolkitError("E_SWEEP", `Cannot name a best trial: all ${result.rows.length} failed`, {
    hint: `the first said: ${firstFailure(result)}; the others stand in ${join(folder, "trials.jsonl")}`,
  });
}

async function shown(options: SweepOptions, out: Output, folder: string): Promise<SweepResult> {
  const events = sweep(options);
  const display = sweepDisplay(out, () => performance.now());
  try {
    let item = await events.next();
    if (!item.done) out.say(`sweep folder: ${folder}`);
    for (; !item.done; item = await events.next()) display.show(item.value);
    return item.value;
  } finally {
    display.stop();
  }
}

function firstFailure({ rows }: SweepResult): string {
  const failed = rows.flatMap(({ trials }) => trials.flatMap((t) => (t.status === "failed" ? [t.message] : [])));
  return failed[0] ?? "";
}
