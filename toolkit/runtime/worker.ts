/** The thread a session lives in: onnxruntime-node blocks the event loop for the whole of a native call. */
import { parentPort } from "node:worker_threads";
import * as ort from "onnxruntime-node";
import { errorCode, errorMessage } from "../errors.ts";
import { ortSession } from "./ort.ts";
import type { LoadOptions, RunOptions, Session, Tensors } from "./runtime.ts";

/** One call to a session and what it needs. */
export type Request =
  | { readonly kind: "load"; readonly model: Uint8Array; readonly options: LoadOptions }
  | { readonly kind: "add"; readonly name: string; readonly model: Uint8Array }
  | { readonly kind: "set"; readonly state: Tensors }
  | { readonly kind: "get"; readonly names: readonly string[] }
  | { readonly kind: "run"; readonly options: RunOptions }
  | { readonly kind: "release" };

/** The answer to the request of the same `id`. */
export interface Reply {
  readonly id: number;
  readonly result?: Tensors | undefined;
  readonly error?: { readonly code: string | undefined; readonly message: string };
}

let session: Session | undefined;

async function answer(request: Request): Promise<Tensors | undefined> {
  if (request.kind === "load") {
    session = await ortSession(ort, request.model, request.options);
    return undefined;
  }
  if (!session) throw new Error("the session is not loaded");
  switch (request.kind) {
    case "add":
      await session.add(request.name, request.model);
      return undefined;
    case "set":
      await session.set(request.state);
      return undefined;
    case "get":
      return session.get(request.names);
    case "run":
      return session.run(request.options);
    case "release":
      await session.release();
      return undefined;
    default:
      return request satisfies never;
  }
}

function transfers(result: Tensors | undefined): ArrayBuffer[] {
  return [...new Set([...(result?.values() ?? [])].map((t) => t.data.buffer as ArrayBuffer))];
}

parentPort?.on("message", ({ id, request }: { id: number; request: Request }) => {
  answer(request).then(
    (result) => parentPort?.postMessage({ id, result } satisfies Reply, transfers(result)),
    (error: unknown) =>
      parentPort?.postMessage({ id, error: { code: errorCode(error), message: errorMessage(error) } } satisfies Reply),
  );
});
