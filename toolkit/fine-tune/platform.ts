import type { Decoder } from "../images/decoder.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CheckpointFolder } from "../train/checkpoint-folder.ts";

/** Rows of features kept between runs, by the content of a photo's file. */
export interface FeatureStore {
  get(hash: string): Float32Array | undefined;
  put(hash: string, features: Float32Array): void;
  close(): Promise<void>;
}

/** What the job needs of the machine it runs on; node.ts hands in the files, the browser its own. */
export interface Platform {
  readonly runtime: Runtime;
  readonly decoder: Decoder;
  /** sha256 of a photo's file, in hexadecimal. */
  readonly hashFile: (path: string) => Promise<string>;
  /** Opens the features of one backbone and preprocessing; absent: nothing is kept. */
  readonly featureStore?: (signature: string, width: number) => Promise<FeatureStore>;
  /** Where checkpoints go; absent: none are written. */
  readonly checkpoints?: CheckpointFolder;
}
