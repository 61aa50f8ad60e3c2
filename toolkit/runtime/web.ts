import type { Env } from "onnxruntime-web";
import { errorMessage, ToolkitError } from "../errors.ts";
import { type Ort, type OrtSession, ortSession } from "./ort.ts";
import type { Runtime } from "./runtime.ts";

/** Where a page computes: on the graphics card, or on the processor. */
export type WebProvider = "webgpu" | "wasm";

/** ONNX Runtime's own file of each build, as it lies in the package's `dist`: a script and the WebAssembly that it starts. */
const BUILDS: Readonly<Record<WebProvider, string>> = {
  webgpu: "ort-wasm-simd-threaded.asyncify",
  wasm: "ort-wasm-simd-threaded",
};

export interface WebRuntimeOptions {
  /**
   * The address of a folder that serves ONNX Runtime's own files (`ort-wasm-*` of the package's `dist`), ending in "/"; where the bundler put them where absent.
   * Threads load the script from there: a bundler may have put it where it brings much else along.
   */
  readonly files?: string;
  /** Threads of the processor. More than one needs a page that is isolated from other origins. As many as there are cores, 4 at most, where that is so and `files` are given; else 1. */
  readonly threads?: number;
}

/**
 * Stock onnxruntime-web in the calling thread, which it blocks while it computes: call this in a worker. Sessions of one runtime take turns.
 * @throws E_RUNTIME where its script cannot be loaded
 */
export async function webRuntime(provider: WebProvider, options: WebRuntimeOptions = {}): Promise<Runtime> {
  return runtimeOn(await open(provider, options), provider);
}

/** The graphics card and the processor from the one build that has both: for comparing them. @throws E_RUNTIME */
export async function webRuntimes(options: WebRuntimeOptions = {}): Promise<Readonly<Record<WebProvider, Runtime>>> {
  const ort = await open("webgpu", options);
  return { webgpu: runtimeOn(ort, "webgpu"), wasm: runtimeOn(ort, "wasm") };
}

function runtimeOn(ort: Ort, provider: WebProvider): Runtime {
  return {
    name: "onnxruntime-web",
    provider,
    load: (model, options) => ortSession(ort, model, { provider, ...options }),
  };
}

async function open(build: WebProvider, options: WebRuntimeOptions): Promise<Ort> {
  const { files, threads = files === undefined ? 1 : defaultThreads() } = options;
  const { env, ...module } = await load(build);
  env.wasm.numThreads = threads;
  env.wasm.proxy = false;
  env.logLevel = "error";
  if (files !== undefined) {
    const address = new URL(BUILDS[build], new URL(files, globalThis.location?.href)).href;
    env.wasm.wasmPaths = { mjs: `${address}.mjs`, wasm: `${address}.wasm` };
  }
  return inTurn(module);
}

/** Only a page that is isolated from other origins may share memory between threads. */
function defaultThreads(): number {
  return globalThis.crossOriginIsolated ? Math.min(4, navigator.hardwareConcurrency) : 1;
}

async function load(provider: WebProvider): Promise<Ort & { readonly env: Env }> {
  try {
    const module =
      provider === "webgpu" ? await import("onnxruntime-web/webgpu") : await import("onnxruntime-web/wasm");
    return module;
  } catch (cause) {
    throw new ToolkitError("E_RUNTIME", `Cannot load onnxruntime-web for ${provider}: ${errorMessage(cause)}`, {
      hint: "install the package onnxruntime-web beside this one",
      cause,
    });
  }
}

/** The module with all its calls one after the other: while one waits for the graphics card, its WebAssembly can do nothing else. */
function inTurn({ InferenceSession, Tensor }: Ort): Ort {
  let last: Promise<unknown> = Promise.resolve();
  const queued = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
  const guarded = (session: OrtSession): OrtSession => ({
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    run: (feeds, fetches) => queued(() => session.run(feeds, fetches)),
    release: () => queued(() => session.release()),
  });
  return {
    Tensor,
    InferenceSession: {
      create: async (model, options) => guarded(await queued(() => InferenceSession.create(model, options))),
    },
  };
}
