import type { Answer, Ask, CallName, FromWorker, NewsOf, ToWorker, Trouble } from "../calls.ts";

/** Asks the worker, and hears what it tells meanwhile. Rejects with what went wrong there, as an error with `code` and `hint`. */
export type AskWorker = <K extends CallName>(
  name: K,
  ask: Ask<K>,
  hear?: (news: NewsOf<K>) => void,
) => Promise<Answer<K>>;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly hear: (news: unknown) => void;
}

/** Starts the worker. */
export function startWorker(): AskWorker {
  const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let next = 0;
  worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    if (data.kind === "news") return asked.hear(data.news);
    waiting.delete(data.id);
    if (data.kind === "answer") asked.resolve(data.answer);
    else asked.reject(errorOf(data.trouble));
  });
  worker.addEventListener("error", ({ message }) => {
    for (const asked of waiting.values())
      asked.reject(new Error(message || "the worker of this page could not be started"));
    waiting.clear();
  });
  return (name, ask, hear) =>
    new Promise((resolve, reject) => {
      const id = next++;
      waiting.set(id, {
        resolve: resolve as (answer: unknown) => void,
        reject,
        hear: (news) => hear?.(news as never),
      });
      worker.postMessage({ id, name, ask } satisfies ToWorker, transfers(ask));
    });
}

/** A camera's picture is handed over, not copied. */
function transfers(ask: object): Transferable[] {
  return Object.values(ask).filter((value): value is ImageBitmap => value instanceof ImageBitmap);
}

function errorOf({ message, ...more }: Trouble): Error {
  return Object.assign(new Error(message), more);
}
