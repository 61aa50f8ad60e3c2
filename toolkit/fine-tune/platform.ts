import type { PhotoSource } from "../data/sample.ts";
import type { PhotoDecoder } from "../data/view.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CheckpointFolder } from "../train/checkpoint-folder.ts";

/** Rows of features kept between runs, by the content of a photo's file. */
export interface FeatureStore {
  get(hash: string): Float32Array | undefined;
  put(hash: string, features: Float32Array): void;
  close(): Promise<void>;
}

/** Activations at a cut, kept on disk: a record of bytes for each view of a photo. */
export interface ActivationStore {
  get(key: string): Promise<Uint8Array | undefined>;
  put(key: string, record: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export interface ActivationStoreOptions {
  readonly signature: string;
  readonly recordBytes: number;
  /** Bytes that all records will take in the end. */
  readonly neededBytes: number;
  /** Most for the activations of all runs. */
  readonly maxBytes: number;
}

/** What was found by timing on this machine, as texts filed under what they were found for. */
export interface TuningStore {
  /** What timings depend on beside the graph: the runtime, its version, the processor. */
  readonly machine: string;
  get(about: string): Promise<string | undefined>;
  set(about: string, text: string): Promise<void>;
}

/** What the job needs of the machine it runs on; node.ts hands in the files, the browser its own. */
export interface Platform {
  readonly runtime: Runtime;
  /** A line of the log: which device was chosen, and why others were not. */
  readonly deviceNote?: string;
  readonly decoder: PhotoDecoder;
  /** sha256 of a photo, wherever it is, in hexadecimal. */
  readonly hashFile: (source: PhotoSource) => Promise<string>;
  /** Opens the features of one backbone and preprocessing; absent: nothing is kept. */
  readonly featureStore?: (signature: string, width: number) => Promise<FeatureStore>;
  /** Opens the activations of one frozen part and preprocessing; absent: they must fit in memory, and are lost with the run. */
  readonly activationStore?: (options: ActivationStoreOptions) => Promise<ActivationStore>;
  /** A clock in milliseconds that never goes back; absent: nothing is said of the time spent waiting for photos, and nothing can be tuned. */
  readonly now?: () => number;
  /** Absent: every run that is to be tuned measures anew. */
  readonly tunings?: TuningStore;
  /** Where checkpoints go; absent: none are written. */
  readonly checkpoints?: CheckpointFolder;
}
