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
  let last = count;
  let next = 0;
  let taken = 0;
  let running = 0;
  const settled = (): void => {
    running--;
    pump();
  };
  const pump = (): void => {
    while (running < concurrency && next < last && next - taken < ahead) {
      running++;
      const result = task(next++);
      queue.push(result);
      // this also counts as handling a failure that the reader never comes to see
      result.then(settled, settled);
    }
  };
  const { promise: aborted, release } = abortion(signal);
  try {
    pump();
    for (let result = queue.shift(); result; result = queue.shift()) {
      signal?.throwIfAborted();
      const value = await Promise.race([result, aborted]);
      taken++;
      pump();
      yield value;
    }
  } finally {
    last = 0;
    release();
  }
}

interface Abortion {
  /** Rejects with the signal's reason, or stays pending. */
  readonly promise: Promise<never>;
  readonly release: () => void;
}

function abortion(signal: AbortSignal | undefined): Abortion {
  const listening = new AbortController();
  const promise = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { signal: listening.signal });
  });
  promise.catch(() => {});
  return { promise, release: () => listening.abort() };
}
