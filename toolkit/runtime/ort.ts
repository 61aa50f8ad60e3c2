import { ToolkitError, errorMessage } from "../errors.ts";
import { packFilter, unpackFilter } from "../graph/layout.ts";
import type { DType, TensorData, TypedArray } from "../graph/tensor.ts";
import { readName } from "./runtime.ts";
import type { LoadOptions, RunOptions, Session, Tensors } from "./runtime.ts";

/** What the toolkit uses of onnxruntime-common, which every onnxruntime-* package implements. */
export interface OrtTensor {
  readonly type: string;
  readonly dims: readonly number[];
  /** "cpu", or where else it lies; `data` can be read on the CPU only. */
  readonly location?: string;
  readonly data: unknown;
  dispose(): void;
}

export interface OrtSession {
  readonly inputNames: readonly string[];
  readonly outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>, fetches: readonly string[]): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface OrtSessionOptions {
  executionProviders: string[];
  intraOpNumThreads?: number;
  interOpNumThreads?: number;
  graphOptimizationLevel?: "disabled" | "basic" | "extended" | "all";
  logSeverityLevel?: 0 | 1 | 2 | 3 | 4;
  enableMemPattern?: boolean;
  preferredOutputLocation?: Readonly<Record<string, "cpu" | "gpu-buffer">>;
  extra?: Record<string, unknown>;
}

export interface Ort {
  readonly InferenceSession: { create(model: Uint8Array, options: OrtSessionOptions): Promise<OrtSession> };
  readonly Tensor: new (type: string, data: TypedArray, dims: readonly number[]) => OrtTensor;
}

/** The program of `LoadOptions.reader`. */
const READER = "read";

/**
 * A session on an onnxruntime-* module, in the calling thread. State stays in the runtime's own tensors: a run's state outputs become the next run's inputs,
 * on WebGPU without leaving the device.
 */
export async function ortSession(ort: Ort, model: Uint8Array, options: LoadOptions = {}): Promise<Session> {
  const state = options.state ?? new Map<string, string>();
  const staysOnDevice = options.provider === "webgpu" ? [...state.values()] : [];
  const programs = new Map([["main", await create(ort, model, options, staysOnDevice)]]);
  const held = new Map<string, OrtTensor>();

  const feedsFor = (session: OrtSession, feeds: Tensors): Record<string, OrtTensor> =>
    Object.fromEntries(
      session.inputNames.map((name) => {
        const given = feeds.get(name);
        const tensor = given ? toOrt(ort, given) : held.get(name);
        if (!tensor) throw new ToolkitError("E_RUN", `Cannot run the graph: its input "${name}" was not given`);
        return [name, tensor];
      }),
    );

  /** Tensors of the device, as the CPU sees them: a graph hands them on, since onnxruntime-node ends the process where one is read directly. */
  const fromDevice = async (names: readonly string[]): Promise<Record<string, OrtTensor>> => {
    const there = names.filter((name) => isOnDevice(held.get(name)));
    if (there.length === 0) return {};
    if (!programs.has(READER) && options.reader) programs.set(READER, await create(ort, options.reader, options));
    const reader = programs.get(READER);
    if (!reader)
      throw new ToolkitError("E_RUN", `Cannot read "${there[0]}": it lies on the device, and no reader was given`);
    const results = await runSession(reader, feedsFor(reader, new Map()), there.map(readName));
    return Object.fromEntries(there.map((name) => [name, resultNamed(results, readName(name))]));
  };

  return {
    async add(name, bytes) {
      programs.set(name, await create(ort, bytes, options));
    },
    async set(tensors) {
      // ONNX Runtime may keep a view of what it is given: hold copies, so that the caller may reuse its arrays
      for (const [name, t] of tensors) {
        const before = held.get(name);
        held.set(name, toOrt(ort, laid(name, t, options)));
        if (isOnDevice(before)) before?.dispose();
      }
    },
    async get(names) {
      const read = await fromDevice(names);
      return new Map(names.map((name) => [name, plainCopy(name, read[name] ?? held.get(name), options)]));
    },
    async run({ feeds, fetch, program = "main" }: RunOptions) {
      const session = programs.get(program);
      if (!session) throw new ToolkitError("E_RUN", `Cannot run "${program}": no such program was added`);
      const replaced = program === "main" ? [...state.values()] : [];
      // onnxruntime-node 1.30 counts its places for outputs over those that are asked for: only where all are do they fit
      const isPlaced = program === "main" && staysOnDevice.length > 0;
      const asked = isPlaced ? session.outputNames : [...new Set([...fetch, ...replaced])];
      const results = await runSession(session, feedsFor(session, feeds), asked);
      if (program === "main") {
        for (const [input, output] of state) {
          const next = resultNamed(results, output);
          const before = held.get(input);
          held.set(input, next);
          if (before && before !== next) giveBack(before);
        }
      }
      return new Map(fetch.map((name) => [name, copyOf(name, results[name])]));
    },
    async release() {
      // the device's memory belongs to the sessions that made it
      for (const t of held.values()) if (isOnDevice(t)) t.dispose();
      held.clear();
      for (const session of programs.values()) await session.release();
      programs.clear();
    },
  };
}

/** A copy of a tensor as the graph reads it. */
function laid(name: string, t: TensorData, { layouts, blockSize = 0 }: LoadOptions): TensorData {
  return layouts?.get(name) === "filter" ? packFilter(t, blockSize) : { ...t, data: t.data.slice() };
}

/** A copy of what is held, as the caller sees it. */
function plainCopy(name: string, t: OrtTensor | undefined, { layouts, blockSize = 0 }: LoadOptions): TensorData {
  if (layouts?.get(name) !== "filter") return copyOf(name, t);
  return unpackFilter(viewOf(name, t), blockSize);
}

async function create(
  ort: Ort,
  model: Uint8Array,
  options: LoadOptions,
  staysOnDevice: readonly string[] = [],
): Promise<OrtSession> {
  try {
    return await ort.InferenceSession.create(model, {
      executionProviders: [options.provider ?? "cpu"],
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads, interOpNumThreads: 1 }),
      graphOptimizationLevel: "all",
      // a step's second run would allocate all activations anew, in one piece, beside what the first run left
      enableMemPattern: options.state === undefined,
      logSeverityLevel: options.logsPlacements ? 0 : 3,
      ...(staysOnDevice.length === 0
        ? {}
        : { preferredOutputLocation: Object.fromEntries(staysOnDevice.map((name) => [name, "gpu-buffer" as const])) }),
      ...(options.sharesCores ? { extra: { session: { intra_op: { allow_spinning: "0" } } } } : {}),
    });
  } catch (error) {
    throw new ToolkitError("E_RUNTIME", `Cannot load the graph into ONNX Runtime: ${firstLine(error)}`, {
      cause: error,
    });
  }
}

async function runSession(
  session: OrtSession,
  feeds: Record<string, OrtTensor>,
  fetch: readonly string[],
): Promise<Record<string, OrtTensor>> {
  try {
    return await session.run(feeds, fetch);
  } catch (error) {
    throw new ToolkitError("E_RUN", `Cannot run the graph: ${firstLine(error)}`, { cause: error });
  }
}

function isOnDevice(t: OrtTensor | undefined): boolean {
  return t?.location === "gpu-buffer";
}

/** Frees a tensor's memory at once: whole networks' worth of it would wait for the garbage collector, and every step would begin with fresh pages. */
function giveBack(t: OrtTensor): void {
  if (isOnDevice(t)) {
    t.dispose();
    return;
  }
  const { buffer } = t.data as TypedArray;
  structuredClone(buffer, { transfer: [buffer as ArrayBuffer] });
}

function resultNamed(results: Record<string, OrtTensor>, name: string): OrtTensor {
  const tensor = results[name];
  if (!tensor) throw new ToolkitError("E_RUN", `Cannot run the graph: it has no output "${name}"`);
  return tensor;
}

function toOrt(ort: Ort, t: TensorData): OrtTensor {
  return new ort.Tensor(t.dtype, t.data, t.shape);
}

function copyOf(name: string, t: OrtTensor | undefined): TensorData {
  const view = viewOf(name, t);
  return { ...view, data: view.data.slice() };
}

function viewOf(name: string, t: OrtTensor | undefined): TensorData {
  if (!t) throw new ToolkitError("E_RUN", `Cannot read "${name}": the session does not hold it`);
  return { dtype: t.type as DType, shape: [...t.dims], data: t.data as TypedArray };
}

function firstLine(error: unknown): string {
  return errorMessage(error).split("\n", 1)[0] ?? "";
}
