import { errorCode, errorMessage } from "../errors.ts";
import { naturalSize, normalisationOf } from "../export/source-model.ts";
import type { Sample } from "../data/sample.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Inspection } from "../report/inspect.ts";
import type { TrainBatch } from "../train/batch.ts";
import { randomBatch } from "../train/random-batch.ts";
import { checkPictures } from "./check-pictures.ts";
import { lookAtBatchNorm, lookAtFile, lookAtHead, lookAtOperators } from "./diagnose-model.ts";
import {
  headSubject,
  networkSubject,
  tryGradientNorms,
  tryGradients,
  tryOneBatch,
  tryPlacements,
} from "./diagnose-training.ts";
import type { Subject } from "./diagnose-training.ts";
import { checked } from "./diagnosis.ts";
import type { CheckName, DiagnoseOptions, Diagnosis, ModelCheck } from "./diagnosis.ts";
import { firstRows } from "./one-batch.ts";
import { inputStatistics, judgeInputs } from "./probes/input-statistics.ts";
import { openPhotos } from "./photos.ts";
import { settle } from "./settings.ts";
import type { Settings } from "./settings.ts";
import { graft } from "./student.ts";
import type { Student } from "./student.ts";

/** Classes of the new head, where nobody says how many. */
const CLASSES = 10;
/** The batch is as large as training's, but for networks of more multiply-adds than this for all of it. */
const BATCH = 16;
const LEAST_BATCH = 4;
const MULTIPLY_ADDS = 3e9;

/**
 * Looks at a model before anybody trains it: what its file holds, where its head is, which operators have no gradient, what becomes of its BatchNorm, whether
 * its gradients are those of its loss, where the loss starts, and whether it can learn one batch by heart. Whatever can go wrong with the model is a
 * check that failed and not an error; what needs a check that failed is left out.
 */
export async function* diagnose(options: DiagnoseOptions): AsyncGenerator<Diagnosis, void> {
  const { check, inspection } = lookAtFile(options);
  yield check;
  if (!inspection) return;
  const settings = settingsFor(options, inspection);
  const head = lookAtHead(inspection);
  yield head;
  if (head.status === "failed") return;
  let student: Student;
  try {
    student = graft(options.source, classesOf(options), settings);
  } catch (error) {
    yield failure("head", error, options);
    return;
  }
  const rules = lookAtOperators(student);
  yield rules.check;
  yield lookAtBatchNorm(student.graph);
  if (rules.trains === "nothing") return;
  yield* tryTraining(student, settings, rules.trains, options);
}

/** What the trained part of the network does: every layer of it, or its head alone. */
async function* tryTraining(
  student: Student,
  settings: Settings,
  trains: "network" | "head",
  options: DiagnoseOptions,
): AsyncGenerator<Diagnosis, void> {
  let name: CheckName = "gradients";
  try {
    const batch = await batchFor(student, settings, options);
    if (options.dataset) yield lookAtInputs(batch, options);
    const subject: Subject =
      trains === "network"
        ? await networkSubject(student, settings, batch, options)
        : await headSubject(student, settings, batch, options);
    if (options.placements) {
      name = "device";
      yield await tryPlacements(subject, options, options.placements);
    }
    name = "gradients";
    yield* tryGradients(subject, options);
    name = "gradient norms";
    yield await tryGradientNorms(subject, options);
    name = "one batch";
    yield* tryOneBatch(subject, options);
  } catch (error) {
    yield failure(name, error, options);
  }
}

function settingsFor({ source, dataset, ...options }: DiagnoseOptions, inspection: Inspection): Settings {
  const { head, features, seed, threads } = options;
  const cost = Math.max(1, inspection.totals.multiplyAdds);
  const batchSize = Math.min(BATCH, Math.max(LEAST_BATCH, Math.floor(MULTIPLY_ADDS / cost)));
  const chosen = {
    mode: "full",
    // it learns in few steps whatever the scale of the gradients
    optimizer: "adam",
    epochs: 1,
    augment: false,
    batchSize: dataset ? Math.min(batchSize, dataset.train.length) : batchSize,
    ...(inspection.sizePx === null ? {} : { sizePx: inspection.sizePx }),
    ...(head === undefined ? {} : { head }),
    ...(features === undefined ? {} : { features }),
    ...(seed === undefined ? {} : { seed }),
    ...(threads === undefined ? {} : { threads }),
  } as const;
  return settle(chosen, naturalSize(source));
}

function classesOf({ dataset, classes = CLASSES }: DiagnoseOptions): readonly string[] {
  return dataset?.classes ?? Array.from({ length: classes }, (_, k) => `class ${k + 1}`);
}

/** One batch of the user's photos, of every class in turn, or of made-up pictures. */
async function batchFor(student: Student, settings: Settings, options: DiagnoseOptions): Promise<TrainBatch> {
  const { dataset, source, platform, signal } = options;
  const { batchSize, sizePx, seed } = settings;
  const classes = classesOf(options).length;
  checkPictures(student, settings);
  if (!dataset) return randomBatch(student.graph, { rows: batchSize, classes, sizePx, seed });
  const photos = openPhotos({
    input: student.input,
    classes,
    train: dataset.train,
    validation: [],
    settings,
    normalisation: normalisationOf(source),
    decoder: platform.decoder,
    onBad: () => {},
    ...(signal ? { signal } : {}),
  });
  for await (const batch of photos.evaluation(inTurn(dataset.train, batchSize))) return firstRows(batch, batch.count);
  throw new RangeError("no batch");
}

/** What the photos look like to the network. */
function lookAtInputs(batch: TrainBatch, { source }: DiagnoseOptions): ModelCheck {
  const [pictures] = [...batch.inputs.values()] as [TensorData];
  return judgeInputs(inputStatistics(pictures, batch.count), normalisationOf(source));
}

/** The first sample of every class, then the second of every class, and so on. */
function inTurn(samples: readonly Sample[], count: number): readonly Sample[] {
  const seen = new Map<number, number>();
  const ranked = samples.map((sample) => {
    const rank = seen.get(sample.label) ?? 0;
    seen.set(sample.label, rank + 1);
    return { sample, rank };
  });
  return ranked
    .toSorted((a, b) => a.rank - b.rank || a.sample.label - b.sample.label)
    .slice(0, count)
    .map(({ sample }) => sample);
}

/** A fault of the model as a check that failed. Whoever stopped it, and a fault of ours, hear it as they are. */
function failure(name: CheckName, error: unknown, { signal }: DiagnoseOptions): ModelCheck {
  const code = errorCode(error);
  if (code === undefined || code === "E_STOPPED" || (signal?.aborted && error === signal.reason)) throw error;
  const hint = error instanceof Error && "hint" in error && typeof error.hint === "string" ? error.hint : undefined;
  return checked(name, "failed", errorMessage(error), { hint, code });
}
