import { featureDatabase, fineTune, type FineTuneEvent, labelledPhotos } from "../../../toolkit/web.ts";
import type { FineTuneSettings, Runtime, SourceModel } from "../../../toolkit/web.ts";
import type { Depth, Lesson, News, Taught } from "../calls.ts";
import { gradesOf } from "./grades.ts";
import type { PhotoShelf } from "./photo-shelf.ts";

export interface Teaching {
  readonly lesson: Lesson;
  readonly source: SourceModel;
  readonly runtime: Runtime;
  readonly shelf: PhotoShelf;
  readonly signal: { stopped: boolean };
  readonly tell: (news: News) => void;
}

/** What training came to, and the file that labels photos. */
export interface Lessoned {
  readonly taught: Taught;
  readonly model: Uint8Array;
}

const features = featureDatabase("onnx-graft-features");
/** Longest time without listening to the page, in milliseconds. */
const DEAF = 30;
const PHOTOS_PER_STEP = 16;

const HEAD_EPOCHS = 30;
/** How far a head goes in all, as the rate times the steps: few photos make few steps, and would leave it undecided. */
const WAY = 0.6;
const RATES = { least: 1e-3, most: 1e-2 };

/** How much is trained, as the toolkit's settings. The head learns from features in moments: it may take its time. */
function settingsOf(depth: Depth, epochs: number, photos: number): FineTuneSettings {
  const headRate = (rounds: number): number =>
    Math.min(RATES.most, Math.max(RATES.least, WAY / (rounds * Math.ceil(photos / PHOTOS_PER_STEP))));
  if (depth === "quick") return { mode: "frozen", epochs, rate: headRate(epochs) };
  if (depth === "staged") {
    const head = { headEpochs: HEAD_EPOCHS, headRate: headRate(HEAD_EPOCHS) };
    return { mode: "staged", ...head, epochs, batchNorm: "frozen", rate: 0.005 };
  }
  return { mode: "full", epochs, batchNorm: "frozen", rate: 0.005 };
}

/** Trains on the photos of the classes, and tells how it goes. */
export async function teach({ lesson, source, runtime, shelf, signal, tell }: Teaching): Promise<Lessoned | undefined> {
  const { classes, depth, epochs, seed, sizePx } = lesson;
  const began = performance.now();
  const dataset = labelledPhotos(classes, { seed });
  const run = fineTune({
    model: source,
    data: dataset,
    runtime,
    photos: shelf.photos,
    decoder: shelf.decoder,
    featureStore: features,
    now: () => performance.now(),
    seed,
    batchSize: PHOTOS_PER_STEP,
    ...settingsOf(depth, epochs, dataset.train.length),
    ...(sizePx === undefined ? {} : { sizePx }),
  });
  let listened = performance.now();
  for await (const event of run) {
    for (const news of newsOf(event)) tell(news);
    if (performance.now() - listened > DEAF) {
      // computing blocks this thread: a turn of its loop lets the page say "stop"
      await new Promise((resolve) => setTimeout(resolve));
      listened = performance.now();
    }
    if (signal.stopped) run.stop();
  }
  const result = await run.result;
  if (!result.model || !result.evaluation) return undefined;
  const { model, evaluation, bad } = result;
  const taught: Taught = {
    classes: dataset.classes,
    ...gradesOf(evaluation, dataset.classes, dataset.validation),
    unreadable: bad.map(({ path, message }) => ({ name: path, message })),
    seconds: (performance.now() - began) / 1000,
    bytes: model.byteLength,
    stopped: signal.stopped,
  };
  return { model, taught };
}

function newsOf(event: FineTuneEvent): readonly News[] {
  switch (event.kind) {
    case "note":
      return [{ kind: "note", text: event.text }];
    case "features":
      return [{ kind: "features", done: event.done, total: event.total, known: event.known }];
    case "stage":
      return [{ kind: "stage", name: event.stage, epochs: event.epochs }];
    case "step":
      return event.stage === "head" ? [] : [{ kind: "step", done: event.step, of: event.steps }];
    case "epoch": {
      const { stage, epoch, epochs: of, trainLoss, trainAccuracy: trainRight, evaluation } = event;
      if (!evaluation) return [];
      return [
        { kind: "epoch", stage, epoch, of, trainLoss, trainRight, loss: evaluation.loss, right: evaluation.top1 },
      ];
    }
    default:
      return [];
  }
}
