import { ToolkitError } from "../errors.ts";
import type { IndexedPhoto } from "./photo.ts";
import { photoChange, wholeNumber } from "./photo.ts";
import type { Condition, LabelCondition, Plan } from "./plan.ts";
import { chooseCover, labelConditions } from "./plan.ts";
import { parseQuery } from "./query.ts";
import type { Scorer } from "./score.ts";
import { cosineScorer, weightScorer } from "./score.ts";
import { nearestFeatures } from "./similar.ts";
import type { Change, PhotoRow, Store, StoreStats } from "./store.ts";
import { compareText } from "./store.ts";
import type { Vocabulary } from "./vocabulary.ts";
import { vocabulary } from "./vocabulary.ts";

export interface IndexOptions {
  /** Photos written in one transaction, 1,000 unless given: a durable commit costs milliseconds, a photo microseconds. */
  readonly batchSize?: number;
  /** Opens a file that exists, and never writes to it. */
  readonly readOnly?: boolean;
}

export interface SearchOptions {
  /** Hits returned at most, 20 unless given. */
  readonly limit?: number;
  /** Hits left out at the beginning. */
  readonly offset?: number;
  /** "weight": the weights themselves, AND by the smallest. "cosine": the vector model, where rare labels count more. */
  readonly rank?: "weight" | "cosine";
  /** The weight from 0 to 1 that a label without a bound of its own must reach. */
  readonly minWeight?: number;
}

export interface Hit {
  readonly imageId: bigint;
  /** Every path of the photo, sorted. */
  readonly paths: readonly string[];
  /** Up to 1 for a query without boosts; 0 for one that only excludes; for `similar`, the cosine of the features, 1 to -1. */
  readonly score: number;
  /** Heaviest first. */
  readonly labels: readonly { readonly label: string; readonly weight: number }[];
}

export interface IndexStats extends StoreStats {
  /** Labels that at least one photo carries. */
  readonly labels: number;
}

/** Photos by label. */
export interface LabelIndex {
  /**
   * Puts photos in and returns how many. A batch is on disk before the next begins; where the photos end in an error, those that came
   * before it are written first. A photo replaces what was known of its path and of its content.
   */
  add(photos: Iterable<IndexedPhoto> | AsyncIterable<IndexedPhoto>): Promise<number>;
  /** Records that a file could not be read. */
  addFailed(path: string, code: string, file?: { readonly size: number; readonly mtime: number }): Promise<void>;
  /** Makes labels known that no photo may carry yet, so that a query for them finds nothing where it would be refused. */
  addLabels(names: readonly string[]): Promise<void>;
  /** @throws E_QUERY, E_QUERY_LABEL, E_SETTING */
  search(query: string, options?: SearchOptions): Promise<readonly Hit[]>;
  /** Photos like this one, by the features stored with them. @throws E_STORE when it is not there or has none */
  similar(photo: string | bigint, options?: { readonly limit?: number }): Promise<readonly Hit[]>;
  /** The labels that photos carry, most photos first, then by name. */
  labels(): Promise<readonly { readonly label: string; readonly photos: number }[]>;
  stats(): Promise<IndexStats>;
  /** The files that could not be read, by path. */
  failures(): Promise<readonly { readonly path: string; readonly code: string }[]>;
  /** Whether this model labelled this file as it is now. A file that could not be read is worth another try. */
  has(path: string, size: number, mtime: number, modelSha256: string): Promise<boolean>;
  /** Forgets a path, and the photo with its last one. False where it was not known. */
  remove(path: string): Promise<boolean>;
  /** Writes a consistent copy to a new file, while others may write. */
  backup(path: string): Promise<void>;
  close(): Promise<void>;
}

/** An index on a store: see `openIndex`. @throws E_SETTING */
export function indexOn(store: Store, { batchSize = 1000 }: Pick<IndexOptions, "batchSize"> = {}): LabelIndex {
  expectWhole("batchSize", batchSize, 1);
  const words = vocabulary(store);
  return {
    add: (photos) => add(store, photos, batchSize),
    addFailed: async (path, code, { size, mtime } = { size: 0, mtime: 0 }) => {
      const file = { size: wholeNumber("size", size, path), mtime: wholeNumber("mtime", mtime, path) };
      await store.write([{ kind: "failed", path, code, ...file }]);
    },
    addLabels: (names) => store.write([{ kind: "labels", names: names.filter((name) => name.trim() !== "") }]),
    search: (query, searchOptions) => search(store, words, query, searchOptions),
    similar: (photo, { limit = 20 } = {}) => similar(store, photo, limit),
    labels: () => countedLabels(store, words),
    stats: async () => ({ ...(await store.stats()), labels: (await countedLabels(store, words)).length }),
    failures: () => store.failures(),
    has: async (path, size, mtime, modelSha256) => {
      const file = await store.file(path);
      return file?.size === size && file.mtime === Math.floor(mtime) && file.model === modelSha256.toLowerCase();
    },
    remove: async (path) => {
      const known = (await store.file(path)) !== undefined;
      if (known) await store.write([{ kind: "remove", path }]);
      return known;
    },
    backup: async (path) => {
      if (!store.backup)
        throw new ToolkitError("E_STORE", `Cannot copy the index: the ${store.name} store has no file`);
      await store.backup(path);
    },
    close: () => store.close(),
  };
}

async function add(
  store: Store,
  photos: Iterable<IndexedPhoto> | AsyncIterable<IndexedPhoto>,
  batchSize: number,
): Promise<number> {
  let batch: Change[] = [];
  let added = 0;
  const flush = async (): Promise<void> => {
    const full = batch;
    batch = [];
    if (full.length > 0) await store.write(full);
    added += full.length;
  };
  try {
    for await (const photo of photos) {
      batch.push(photoChange(photo));
      if (batch.length >= batchSize) await flush();
    }
  } finally {
    // also after an error: labelling these photos took far longer than writing them does
    await flush();
  }
  return added;
}

async function search(
  store: Store,
  words: Vocabulary,
  text: string,
  options: SearchOptions = {},
): Promise<readonly Hit[]> {
  const { limit = 20, offset = 0, rank = "weight", minWeight = 0 } = options;
  expectWhole("limit", limit, 1);
  expectWhole("offset", offset, 0);
  if (!(minWeight >= 0 && minWeight <= 1)) {
    throw new ToolkitError("E_SETTING", `Cannot search: minWeight is ${minWeight}, expected 0 to 1`);
  }
  if (rank !== "weight" && rank !== "cosine") {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot search: rank is ${JSON.stringify(rank)}, expected "weight" or "cosine"`,
    );
  }
  const query = parseQuery(text);
  await words.refresh();
  const where = words.resolve(query, Math.max(1, Math.round(minWeight * 1e6)));
  // one label ranked by its weight needs no numbers: there is nothing to choose
  const photosOf = rank === "weight" && where.kind === "label" ? (): number => 0 : await labelCounts(store, where);
  const scorer: Scorer = rank === "weight" ? weightScorer(where) : cosineScorer(where, await store.size(), photosOf);
  const plan: Plan = { where, cover: chooseCover(where, photosOf), score: scorer.score, limit, offset };
  // two spellings of one label may both weigh on a photo, which brings a cosine above 1
  const scaled = (score: number): number =>
    rank === "cosine" ? Math.min(1, score / scorer.scale) : score / scorer.scale;
  return (await store.find(plan)).map((row) => hit(row, scaled(row.score)));
}

/** How many photos carry a condition's labels, counting one twice that carries two of them. */
async function labelCounts(store: Store, where: Condition): Promise<(label: LabelCondition) => number> {
  const ids = [...new Set(labelConditions(where).flatMap((label) => label.labelIds))];
  const counts = await store.counts(ids);
  const byId = new Map(ids.map((id, i) => [id, counts[i] ?? 0]));
  return (label) => label.labelIds.reduce((sum, id) => sum + (byId.get(id) ?? 0), 0);
}

async function similar(store: Store, photo: string | bigint, limit: number): Promise<readonly Hit[]> {
  expectWhole("limit", limit, 1);
  const imageId = typeof photo === "bigint" ? photo : ((await store.file(photo))?.imageId ?? null);
  const target = imageId === null ? undefined : await store.embedding(imageId);
  if (!target) {
    const name = typeof photo === "bigint" ? String(photo) : JSON.stringify(photo);
    throw new ToolkitError("E_STORE", `Cannot find photos like ${name}: the index holds no features of it`, {
      hint: "index it with a model that has a features output",
    });
  }
  const near = await nearestFeatures(store, target, limit);
  const scores = new Map(near.map(({ imageId: id, score }) => [id, score]));
  return (await store.photos([...scores.keys()])).map((row) => hit(row, scores.get(row.imageId) ?? 0));
}

async function countedLabels(store: Store, words: Vocabulary): Promise<{ label: string; photos: number }[]> {
  const rows = await words.refresh();
  const counts = await store.counts(rows.map((row) => row.labelId));
  return rows
    .map((row, i) => ({ label: row.name, photos: counts[i] ?? 0 }))
    .filter((row) => row.photos > 0)
    .sort((a, b) => b.photos - a.photos || compareText(a.label, b.label));
}

function hit(row: PhotoRow, score: number): Hit {
  const { imageId, paths } = row;
  return { imageId, paths, score, labels: row.labels.map(({ label, ppm }) => ({ label, weight: ppm / 1e6 })) };
}

function expectWhole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new ToolkitError("E_SETTING", `Cannot use ${name} ${value}: expected a whole number of at least ${least}`);
}
