import type { Photo } from "../data/decode-photo.ts";
import type { PhotoDecoder } from "../data/view.ts";
import type { BadFile } from "../data/sample.ts";
import { ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";
import { encodeModel } from "../onnx/encode.ts";
import { normalise } from "../passes/normalise.ts";
import { precisionOf } from "../passes/precision-of.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { compareAnswers } from "./compare-answers.ts";
import type { AnswersCompared, MeasuredPhoto } from "./compare-answers.ts";
import { compareSpeed } from "./compare-speed.ts";
import { halfPrecision } from "./half-precision.ts";
import { calibrate } from "./int8/calibrate.ts";
import { quantise } from "./int8/quantise.ts";
import type { ModelMetadata } from "./metadata.ts";
import { seePhotos } from "./see-photos.ts";
import { servableModel } from "./servable-model.ts";
import type { SourceModel } from "./source-model.ts";

export interface ReducePrecisionOptions {
  readonly source: SourceModel;
  /** "float16": weights stored in half the bytes; "int8": a fourth of the bytes, computed in 8 bits. */
  readonly precision: "float16" | "int8";
  /** Photos that the result is compared on; int8 is calibrated on them too. */
  readonly photos: readonly MeasuredPhoto[];
  /** Other photos to calibrate on. */
  readonly calibration?: readonly Photo[];
  /** Of int8 weights; 8 where every processor it runs on has VNNI, see `quantise`; 7. */
  readonly weightBits?: 7 | 8;
  readonly runtime: Runtime;
  readonly decoder: PhotoDecoder;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
}

/** Where the work stands; `total` is the same for all events of a task. */
export interface ReduceProgress {
  readonly task: "calibrate" | "time" | "compare";
  readonly done: number;
  readonly total: number;
}

/** Pictures a second of both models at one batch size. */
export interface SpeedCompared {
  readonly batchSize: number;
  readonly before: number;
  readonly after: number;
}

/** A model in fewer bits, and what that costs and gains. */
export interface ReducedModel {
  readonly model: Uint8Array;
  readonly precision: "float16" | "int8";
  readonly metadata: ModelMetadata;
  readonly bytes: { readonly before: number; readonly after: number };
  readonly answers: AnswersCompared;
  readonly speed: readonly SpeedCompared[];
  /** Photos that the ranges of the activations were measured on; 0 for float16. */
  readonly calibrated: number;
  readonly bad: readonly BadFile[];
}

const BATCH_SIZES = [1, 32] as const;
const COMPARE_BATCH = 16;
/** More photos hardly move the ranges any further. */
const CALIBRATION_PHOTOS = 512;
const TURNS = 5;

/**
 * Writes a classifier in fewer bits and measures what comes of it: bytes, speed on this machine in turns, and answers on photos. Where it is int8, the
 * form that is the quickest here is taken. See `checkLoss` before the file is kept.
 * @throws E_SETTING where there is nothing to reduce or no photo to calibrate on, E_NO_HEAD, E_MODEL_*, E_RUN
 */
export async function* reducePrecision(options: ReducePrecisionOptions): AsyncGenerator<ReduceProgress, ReducedModel> {
  const { source, precision, photos } = options;
  const { model, metadata } = servableModel(source);
  if (metadata.heads) {
    const found = metadata.heads.map(({ name }) => `"${name}"`).join(", ");
    const why = "what that costs is only measured on one head of labels";
    throw new ToolkitError(
      "E_SETTING",
      `Cannot store ${source.name}, with the heads ${found}, as ${precision}: ${why}`,
    );
  }
  const stored = precisionOf(model.graph);
  if (stored === precision || stored === "int8") {
    throw new ToolkitError("E_SETTING", `Cannot store ${source.name} as ${precision}: it is ${stored} already`);
  }
  const before = encodeModel(model);
  const { candidates, calibrated, bad } = yield* write(model, metadata, options);
  const { best, speed } = yield* quickest(before, candidates, metadata, options);
  const compared = compareAnswers(before, best, photos, {
    ...given(options),
    decoder: options.decoder,
    preprocessing: metadata.preprocessing,
    batchSize: COMPARE_BATCH,
  });
  const answers = yield* reported("compare", photos.length, compared);
  return {
    model: best,
    precision,
    metadata,
    bytes: { before: before.byteLength, after: best.byteLength },
    answers,
    speed,
    calibrated,
    bad: [...new Map([...bad, ...answers.bad].map((file) => [file.path, file])).values()],
  };
}

/** Every form of the model that is to be measured. */
async function* write(
  model: Model,
  metadata: ModelMetadata,
  options: ReducePrecisionOptions,
): AsyncGenerator<ReduceProgress, { candidates: readonly Uint8Array[]; calibrated: number; bad: readonly BadFile[] }> {
  const { source, precision, photos, calibration = photos, decoder, weightBits = 7 } = options;
  if (precision === "float16") return { candidates: [encodeModel(halfPrecision(model))], calibrated: 0, bad: [] };
  const chosen = spread(calibration, CALIBRATION_PHOTOS);
  const single = normalise(model, source);
  const bad: BadFile[] = [];
  let calibrated = 0;
  const seen = seePhotos(chosen, { ...given(options), decoder, preprocessing: metadata.preprocessing, batchSize: 1 });
  const feeds = (async function* () {
    for await (const batch of seen) {
      bad.push(...batch.bad);
      calibrated += batch.indices.length;
      if (batch.indices.length > 0) yield new Map([["image", batch.image]]);
    }
  })();
  const statistics = yield* reported("calibrate", chosen.length, calibrate(single.graph, feeds, options));
  if (calibrated === 0) {
    throw new ToolkitError("E_SETTING", `Cannot write ${source.name} as int8: there is no photo to calibrate it on`);
  }
  const candidates = ([0, 1] as const).map((weightZeroPoint) =>
    encodeModel({ ...single, graph: quantise(single.graph, statistics, { weightZeroPoint, weightBits }) }),
  );
  return { candidates, calibrated, bad };
}

/** The candidate that is the quickest over all batch sizes, beside the model it was made of. */
async function* quickest(
  before: Uint8Array,
  candidates: readonly Uint8Array[],
  { preprocessing }: ModelMetadata,
  options: ReducePrecisionOptions,
): AsyncGenerator<ReduceProgress, { best: Uint8Array; speed: readonly SpeedCompared[] }> {
  const models = [before, ...candidates];
  const each = TURNS * models.length;
  const speeds: (readonly number[])[] = [];
  for (const [i, batchSize] of BATCH_SIZES.entries()) {
    const { runtime, now } = options;
    const timed = compareSpeed(models, {
      ...given(options),
      runtime,
      now,
      batchSize,
      sizePx: preprocessing.sizePx,
      turns: TURNS,
    });
    speeds.push(yield* reported("time", each * BATCH_SIZES.length, timed, i * each));
  }
  const gain = candidates.map((_, i) => speeds.reduce((product, of) => product * (of[i + 1] ?? 0), 1));
  const best = gain.indexOf(Math.max(...gain));
  const speed = BATCH_SIZES.map((batchSize, i) => ({
    batchSize,
    before: speeds[i]?.[0] ?? 0,
    after: speeds[i]?.[best + 1] ?? 0,
  }));
  return { best: candidates[best] ?? before, speed };
}

/** What a generator of numbers returns, with its numbers passed on as progress. */
async function* reported<T>(
  task: ReduceProgress["task"],
  total: number,
  work: AsyncGenerator<number, T>,
  from = 0,
): AsyncGenerator<ReduceProgress, T> {
  try {
    for (;;) {
      const item = await work.next();
      if (item.done) return item.value;
      yield { task, done: from + item.value, total };
    }
  } finally {
    // releases its sessions where the reader stops
    await work.return(undefined as T);
  }
}

function given({ runtime, threads, signal }: ReducePrecisionOptions): {
  readonly runtime: Runtime;
  readonly threads?: number;
  readonly signal?: AbortSignal;
} {
  return { runtime, ...(threads === undefined ? {} : { threads }), ...(signal ? { signal } : {}) };
}

/** At most `count` of the items, evenly spaced. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  return items.filter(
    (_, i) => Math.floor((i * count) / items.length) !== Math.floor(((i - 1) * count) / items.length),
  );
}
