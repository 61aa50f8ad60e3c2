import { Worker } from "node:worker_threads";
import { ToolkitError } from "../errors.ts";
import type { ErrorCode } from "../errors.ts";
import type { LoadOptions, Provider, Runtime, Session, Tensors } from "./runtime.ts";
import type { Reply, Request } from "./worker.ts";

interface Waiting {
  readonly resolve: (result: Tensors | undefined) => void;
  readonly reject: (error: Error) => void;
}

/** Stock onnxruntime-node on the CPU, each session in a worker thread of its own. */
export const nodeRuntime: Runtime = nodeRuntimeOn("cpu");

/** The same on another execution provider. Whether it is there, and right, is for `chooseDevice` to find out. */
export function nodeRuntimeOn(provider: Provider): Runtime {
  return {
    name: nodeRuntimeName(provider),
    provider,
    load: (model, options) => loadInWorker(model, { provider, ...options }),
  };
}

/** "onnxruntime-node", and where it computes if that is not the CPU. */
function nodeRuntimeName(provider: Provider): string {
  return provider === "cpu" ? "onnxruntime-node" : `onnxruntime-node (${provider})`;
}

async function loadInWorker(model: Uint8Array, options: LoadOptions): Promise<Session> {
  const call = startWorker();
  try {
    await call.send({ kind: "load", model, options });
  } catch (error) {
    await call.stop();
    throw error;
  }
  return {
    async add(name, bytes) {
      await call.send({ kind: "add", name, model: bytes });
    },
    async set(state) {
      await call.send({ kind: "set", state });
    },
    async get(names) {
      return (await call.send({ kind: "get", names })) ?? new Map();
    },
    async run(run) {
      return (await call.send({ kind: "run", options: run })) ?? new Map();
    },
    async release() {
      await call.send({ kind: "release" });
      await call.stop();
    },
  };
}

interface Calls {
  send(request: Request): Promise<Tensors | undefined>;
  stop(): Promise<void>;
}

function startWorker(): Calls {
  const worker = new Worker(workerFile());
  const waiting = new Map<number, Waiting>();
  let next = 0;
  const failAll = (reason: string): void => {
    for (const w of waiting.values()) w.reject(new ToolkitError("E_RUN", `Cannot run the graph: ${reason}`));
    waiting.clear();
  };
  worker.on("message", (reply: Reply) => {
    const w = waiting.get(reply.id);
    waiting.delete(reply.id);
    // an idle session must not keep the process alive
    if (waiting.size === 0) worker.unref();
    if (reply.error) w?.reject(new ToolkitError((reply.error.code ?? "E_RUN") as ErrorCode, reply.error.message));
    else w?.resolve(reply.result);
  });
  worker.on("error", (error: Error) => failAll(error.message));
  worker.on("exit", (code) => failAll(`the runtime's thread ended with exit code ${code}`));
  worker.unref();
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        const id = next++;
        waiting.set(id, { resolve, reject });
        worker.ref();
        worker.postMessage({ id, request });
      });
    },
    async stop() {
      await worker.terminate();
    },
  };
}

/** worker.ts beside this file, compiled or not, as this file is. */
function workerFile(): URL {
  return new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);
}
