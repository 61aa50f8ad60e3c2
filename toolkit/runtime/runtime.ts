import type { Layout } from "../graph/layout.ts";
import type { TensorData } from "../graph/tensor.ts";

/** Where a session computes, by ONNX Runtime's own names. */
export type Provider = "cpu" | "webgpu" | "cuda" | "dml" | "coreml" | "wasm";

/** What the reader of a session's state calls a tensor. */
export function readName(name: string): string {
  return `read/${name}`;
}

export type Tensors = ReadonlyMap<string, TensorData>;

export interface LoadOptions {
  readonly provider?: Provider;
  /** Threads of one run; all cores where absent. One thread gives bit-equal results. */
  readonly threads?: number;
  /** Whether other work wants the same cores meanwhile, as decoding does: threads without work then sleep instead of waiting busily. */
  readonly sharesCores?: boolean;
  /** State input -> the output that replaces it after a run of the main program. */
  readonly state?: ReadonlyMap<string, string>;
  /**
   * A graph that takes the state and gives it back, each under its `readName`: what `get` asks where the state stays on a device.
   * Without it such state cannot be read.
   */
  readonly reader?: Uint8Array;
  /** State that does not lie plain in the graph's inputs and outputs. Whoever sets and gets it sees it plain. */
  readonly layouts?: ReadonlyMap<string, Layout>;
  /** Channels in a block, where there are such layouts. */
  readonly blockSize?: number;
  /** Whether ONNX Runtime writes to standard error where it puts each node: see `readPlacements`. */
  readonly logsPlacements?: boolean;
}

export interface RunOptions {
  readonly feeds: Tensors;
  /** Names of the outputs wanted back. */
  readonly fetch: readonly string[];
  /** Which program runs; the main one where absent. Only the main one replaces state. */
  readonly program?: string;
}

/**
 * A loaded graph that holds its state between runs. It lives beside the caller's thread, so nothing here blocks the event loop.
 * All calls reject with E_RUNTIME (cannot load) or E_RUN (cannot run).
 */
export interface Session {
  /** Another graph that reads the same held state. */
  add(name: string, model: Uint8Array): Promise<void>;
  /** Replaces held inputs. */
  set(state: Tensors): Promise<void>;
  /** Copies of held inputs. */
  get(names: readonly string[]): Promise<Tensors>;
  run(options: RunOptions): Promise<Tensors>;
  release(): Promise<void>;
}

/** A way to run ONNX bytes. The platform's own is handed in: see node.ts. */
export interface Runtime {
  readonly name: string;
  /** Where it computes, and what graphs are to be written for; the CPU where absent. */
  readonly provider?: Provider;
  load(model: Uint8Array, options?: LoadOptions): Promise<Session>;
}

/** What graphs that a runtime is to run are written for. */
export function providerOf({ provider = "cpu" }: Runtime): Provider {
  return provider;
}
