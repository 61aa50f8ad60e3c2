import { errorCode, errorMessage } from "../errors.ts";
import { type Photo, pathOf, sourceOf } from "../data/decode-photo.ts";
import { inOrder } from "../data/in-order.ts";
import { readAhead } from "../data/read-ahead.ts";
import type { PhotoSource } from "../data/sample.ts";
import { atOnceOf, type PhotoDecoder } from "../data/view.ts";
import { encodeModel } from "../onnx/encode.ts";
import type { ModelMetadata } from "../export/metadata.ts";
import { servableModel } from "../export/servable-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Pixels } from "../images/decoder.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import { type Answers, answersOf, outputsOf } from "./answers.ts";
import { meanRow, type SeenPhoto, seeViews, type TestTimeViews, testTimeViews } from "./test-time-views.ts";

/** A label and how likely it is, 0..1. */
export interface WeightedLabel {
  readonly label: string;
  readonly weight: number;
}

export interface LabelledPhoto extends Answers {
  readonly file: string;
  /** Of the file's bytes as they were decoded, where the decoder tells it. */
  readonly sha256?: string | undefined;
  /** The backbone's features [F]. */
  readonly features: Float32Array;
}

export interface UnreadablePhoto {
  readonly file: string;
  readonly error: { readonly code: string; readonly message: string };
}

export interface LabelOptions {
  /** How many labels a photo gets; 5. */
  readonly top?: number;
  /** Labels below this weight are left out. Where absent: below the thresholds in the model's file, if it has any. */
  readonly minWeight?: number;
}

export interface TaggerOptions {
  readonly source: SourceModel;
  readonly runtime: Runtime;
  readonly decoder: PhotoDecoder;
  readonly threads?: number;
  /** Pictures that go through the network together; 16. */
  readonly batchSize?: number;
  /** How often each photo is seen, at as many times the work: `label` and `labelAll` give the mean of the probabilities, and the features of the plain view; 1. */
  readonly views?: TestTimeViews;
}

/** What a network says of pictures, a row for each. */
export interface Predicted {
  readonly probabilities: readonly Float32Array[];
  readonly features: readonly Float32Array[];
  /** Of each head, probabilities or numbers in their own units, for each picture; of a network of one head of labels its probabilities. */
  readonly heads: readonly (readonly Float32Array[])[];
}

/** A network ready to label photos. */
export interface Tagger {
  /** Those of its first head that has any; none where it only says numbers. */
  readonly labels: readonly string[];
  /** What the model's file says about itself, or what was assumed. */
  readonly metadata: ModelMetadata;
  /**
   * Labels one photo, given as a path or as the bytes of its file.
   * @throws E_IMAGE_* where it cannot be read
   */
  label(photo: string | Uint8Array, options?: LabelOptions): Promise<LabelledPhoto>;
  /** Labels many photos in their order; one that cannot be read gets its error and stops nothing. */
  labelAll(
    photos: readonly Photo[],
    options?: LabelOptions & { signal?: AbortSignal },
  ): AsyncGenerator<LabelledPhoto | UnreadablePhoto>;
  /** Probabilities [classes] (empty where it only says numbers) and features per picture, each seen once as it is, and what every head says, for those who want all of them. */
  predict(photos: readonly Pixels[]): Promise<Predicted>;
  close(): Promise<void>;
}

/** Batches that are decoded ahead of the network. */
const AHEAD = 2;

/**
 * Opens a model for labelling: an export of ours as it is, any other classifier with the preprocessing its card states.
 * @throws E_NO_HEAD, E_MODEL_METADATA, E_SETTING, and as `normalise`
 */
export async function openTagger({
  source,
  runtime,
  decoder,
  threads,
  batchSize = 16,
  views: asked = 1,
}: TaggerOptions): Promise<Tagger> {
  const { model, metadata } = servableModel(source);
  const views = testTimeViews(asked, metadata.preprocessing);
  const session = await runtime.load(encodeModel(model), {
    sharesCores: true,
    ...(threads === undefined ? {} : { threads }),
  });
  const see = (photo: PhotoSource): Promise<SeenPhoto> => seeViews(decoder, photo, views, metadata.preprocessing);
  // photos whose views go through the network together
  const together = Math.max(1, Math.floor(batchSize / views.length));
  const predict = (photos: readonly Pixels[]): ReturnType<Tagger["predict"]> => predictWith(session, photos, metadata);
  const answer: Answer = (photos) => answerAll(predict, photos);
  return {
    labels: metadata.labels,
    metadata,
    predict,
    async label(photo, options) {
      const [found] = await answer([await see(photo)]);
      const file = typeof photo === "string" ? photo : "";
      return {
        file,
        ...answersOf(found?.rows ?? [], metadata, options),
        features: found?.features ?? new Float32Array(0),
      };
    },
    async *labelAll(photos, options = {}) {
      const load = (i: number): Promise<SeenPhoto | UnreadablePhoto> =>
        see(sourceOf(photos[i] ?? "")).catch((error: unknown) => unreadable(pathOf(photos[i] ?? ""), error));
      const items = inOrder(photos.length, load, {
        concurrency: atOnceOf(decoder),
        ahead: AHEAD * together,
        ...(options.signal ? { signal: options.signal } : {}),
      });
      const batches = inBatches(photos.map(pathOf), items, together);
      // the network works while the reader does something with what it has
      yield* flat(readAhead(labelBatches(batches, answer, metadata, options)));
    },
    close: () => session.release(),
  };
}

/** What a network says of one photo. */
interface Answered {
  /** Of each head. */
  readonly rows: readonly Float32Array[];
  readonly features: Float32Array;
}

type Answer = (photos: readonly SeenPhoto[]) => Promise<readonly Answered[]>;

type Item = readonly [file: string, seen: SeenPhoto | UnreadablePhoto];

async function* inBatches(
  files: readonly string[],
  items: AsyncIterable<SeenPhoto | UnreadablePhoto>,
  batchSize: number,
): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  let next = 0;
  for await (const item of items) {
    batch.push([files[next++] ?? "", item]);
    if (batch.length < batchSize && next < files.length) continue;
    yield batch;
    batch = [];
  }
}

async function* labelBatches(
  batches: AsyncIterable<readonly Item[]>,
  answer: Answer,
  metadata: ModelMetadata,
  options: LabelOptions,
): AsyncGenerator<readonly (LabelledPhoto | UnreadablePhoto)[]> {
  for await (const items of batches) {
    const answers = await answer(items.flatMap(([, item]) => ("error" in item ? [] : [item])));
    let row = 0;
    yield items.map(([file, item]) => {
      if ("error" in item) return item;
      return labelled(file, item.sha256, answers[row++], metadata, options);
    });
  }
}

function labelled(
  file: string,
  sha256: string | undefined,
  found: Answered | undefined,
  metadata: ModelMetadata,
  options: LabelOptions,
): LabelledPhoto {
  const answers = answersOf(found?.rows ?? [], metadata, options);
  return { file, sha256, ...answers, features: found?.features ?? new Float32Array(0) };
}

/** What a network says of photos: the mean of its probabilities and numbers for the views of each, and the features of the first. */
async function answerAll(predict: Tagger["predict"], photos: readonly SeenPhoto[]): Promise<readonly Answered[]> {
  if (photos.length === 0) return [];
  const { heads, features } = await predict(photos.flatMap(({ pictures }) => pictures));
  let next = 0;
  return photos.map(({ pictures }) => {
    const first = next;
    next += pictures.length;
    return {
      rows: heads.map((rows) => meanRow(rows.slice(first, next))),
      features: features[first] ?? new Float32Array(0),
    };
  });
}

async function* flat<T>(source: AsyncIterable<readonly T[]>): AsyncGenerator<T> {
  for await (const items of source) yield* items;
}

function unreadable(file: string, error: unknown): UnreadablePhoto {
  const code = errorCode(error);
  if (!code?.startsWith("E_IMAGE_")) throw error;
  return { file, error: { code, message: errorMessage(error) } };
}

async function predictWith(
  session: Session,
  photos: readonly Pixels[],
  metadata: ModelMetadata,
): ReturnType<Tagger["predict"]> {
  const { sizePx } = metadata.preprocessing;
  const outputs = outputsOf(metadata);
  const data = new Uint8Array(photos.length * sizePx * sizePx * 3);
  for (const [i, p] of photos.entries()) data.set(p.data, i * sizePx * sizePx * 3);
  const image: TensorData = { dtype: "uint8", shape: [photos.length, sizePx, sizePx, 3], data };
  const out = await session.run({
    feeds: new Map([["image", image]]),
    fetch: [...outputs.map(({ name }) => name), "features"],
  });
  const rows = (name: string, width: number): readonly Float32Array[] => {
    const all = (out.get(name) as TensorData).data as Float32Array;
    return photos.map((_, i) => all.slice(i * width, (i + 1) * width));
  };
  const features = out.get("features") as TensorData;
  const heads = outputs.map(({ name, names }) => rows(name, names.length));
  const main = heads[outputs.findIndex(({ task }) => task !== "numbers")];
  return {
    probabilities: main ?? photos.map(() => new Float32Array(0)),
    features: rows("features", features.shape[1] ?? 0),
    heads,
  };
}
