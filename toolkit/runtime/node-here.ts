import * as ort from "onnxruntime-node";
import { ortSession } from "./ort.ts";
import type { Provider, Runtime } from "./runtime.ts";

/** onnxruntime-node in the calling thread, which it blocks: for a process that does nothing else. */
export function nodeRuntimeHere(provider: Provider): Runtime {
  return {
    name: "onnxruntime-node",
    provider,
    load: (model, options) => ortSession(ort, model, { provider, ...options }),
  };
}
