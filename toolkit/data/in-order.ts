export interface InOrderOptions {
  /** Tasks that run at the same time. */
  readonly concurrency: number;
  /** Results that may be ready or under way before the reader asks for them. */
  readonly ahead: number;
  readonly signal?: AbortSignal;
}

/**
 * The results of `task(0)` to `task(count - 1)`, in this order, with tasks started ahead of the reader.
 * Nothing more is started once the reader stops or `signal` aborts; an abort is thrown at once, with its reason.
 */
export async function* inOrder<T>(
  count: number,
  task: (index: number) => Promise<T>,
  { concurrency, ahead, signal }: InOrderOptions,
): AsyncGenerator<T, void, undefined> {
  const queue: Promise<T>[] = [];
  let next = 0;
  let taken = 0;
  let running = 0;
  let stopped = false;
  const settled = (): void => {
    running--;
    pump();
  };
  const pump = (): void => {
    while (!stopped && running < concurrency && next < count && next - taken < ahead) {
      running++;
      const result = task(next++);
      queue.push(result);
      // this also counts as handling a failure that the reader never comes to see
      result.then(settled, settled);
    }
  };
  const abort = abortion(signal);
  try {
    for (; taken < count; ) {
      signal?.throwIfAborted();
      pump();
      const result = queue.shift();
      if (!result) return;
      const value = await Promise.race([result, abort.promise]);
      taken++;
      pump();
      yield value;
    }
  } finally {
    stopped = true;
    abort.release();
  }
}

function abortion(signal: AbortSignal | undefined): { readonly promise: Promise<never>; readonly release: () => void } {
  let onAbort = (): void => {};
  const promise = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort);
  });
  promise.catch(() => {});
  return { promise, release: () => signal?.removeEventListener("abort", onAbort) };
}
