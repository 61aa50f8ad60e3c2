import type { Plan } from "./plan.ts";

/**
 * Where an index lives. A store keeps rows and answers plans; it knows no query text, no file system walk and no model.
 * `test/support/store-suite.ts` is its contract, and every store passes it.
 *
 * Weights are integers in parts per million, so that order and ties are the same in every store.
 */
export interface Store {
  /** What the store is called in errors. */
  readonly name: string;
  /** The labels whose id is above `after`, by id. Labels are never deleted and never renumbered, so a caller may keep them. */
  labels(after: number): Promise<readonly LabelRow[]>;
  /** How many photos there are. */
  size(): Promise<number>;
  /** How many photos carry each of these labels, in the order asked. */
  counts(labelIds: readonly number[]): Promise<readonly number[]>;
  /** Writes all of it or nothing; what was written survives a crash once the promise resolves. */
  write(changes: readonly Change[]): Promise<void>;
  /** The photos of a plan, best first; equal scores by image id. One snapshot, whoever writes meanwhile. */
  find(plan: Plan): Promise<readonly FoundRow[]>;
  /** These photos, in the order asked, without those the store does not hold. */
  photos(imageIds: readonly bigint[]): Promise<readonly PhotoRow[]>;
  file(path: string): Promise<FileRow | undefined>;
  /** The files that could not be read, by path. */
  failures(): Promise<readonly { readonly path: string; readonly code: string }[]>;
  embedding(imageId: bigint): Promise<EmbeddingRow | undefined>;
  /** Up to `limit` features made by one model, by image id, above `after`. */
  embeddings(modelId: number, after: bigint, limit: number): Promise<readonly EmbeddingRow[]>;
  stats(): Promise<StoreStats>;
  /** Writes a consistent copy to a new file. Stores without files have none. */
  backup?(path: string): Promise<void>;
  close(): Promise<void>;
}

/** The model that made the weights: the SHA-256 of its file in hex, and a name for people. */
export interface ModelStamp {
  readonly sha256: string;
  readonly name: string;
}

export interface LabelRow {
  readonly labelId: number;
  readonly name: string;
}

/** A label of one photo and its weight in parts per million, 1 to 1,000,000. */
export interface LabelWeight {
  readonly label: string;
  readonly ppm: number;
}

export type Change = PhotoChange | FailedChange | RemoveChange | LabelsChange;

/** A photo with its labels. It replaces what the store held for the same content, and moves the path to it. */
export interface PhotoChange {
  readonly kind: "photo";
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  readonly imageId: bigint;
  readonly sha256: string;
  readonly model: ModelStamp;
  readonly labelledAt: number | null;
  /** Each label once. */
  readonly labels: readonly LabelWeight[];
  /** Length of the vector of weights, parts per million. */
  readonly norm: number;
  readonly features: Float32Array | null;
}

/** A file that could not be read; it holds no photo any more. */
export interface FailedChange {
  readonly kind: "failed";
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  readonly code: string;
}

/** A path that is gone. A photo without a path goes with its last one. */
export interface RemoveChange {
  readonly kind: "remove";
  readonly path: string;
}

/** Labels that exist, though no photo may carry them yet. */
export interface LabelsChange {
  readonly kind: "labels";
  readonly names: readonly string[];
}

export interface FileRow {
  readonly path: string;
  readonly size: number;
  readonly mtime: number;
  /** Null for a file that could not be read. */
  readonly imageId: bigint | null;
  /** SHA-256 of the model that labelled it. */
  readonly model: string | null;
  /** Null for a file that was labelled. */
  readonly code: string | null;
}

export interface PhotoRow {
  readonly imageId: bigint;
  /** By path. */
  readonly paths: readonly string[];
  /** Heaviest first, then by name. */
  readonly labels: readonly LabelWeight[];
}

export interface FoundRow extends PhotoRow {
  /** The plan's score, not yet scaled for people. */
  readonly score: number;
}

export interface EmbeddingRow {
  readonly imageId: bigint;
  readonly modelId: number;
  readonly features: Float32Array;
}

export interface StoreStats {
  readonly photos: number;
  readonly files: number;
  readonly failed: number;
  /** By the number of photos, most first, then by digest. */
  readonly models: readonly { readonly model: ModelStamp; readonly photos: number }[];
}

/** Heaviest first, then by name: the order of a photo's labels everywhere. */
export function byWeight(a: LabelWeight, b: LabelWeight): number {
  return b.ppm - a.ppm || compareText(a.label, b.label);
}

/** Orders text by UTF-16 unit, which depends on no locale. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Orders ids; a subtraction of two 63-bit numbers does not fit a `number`. */
export function compareId(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
