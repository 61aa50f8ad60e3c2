import { fillUniform } from "../graph/random.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";

export interface CompareSpeedOptions {
  readonly runtime: Runtime;
  readonly threads?: number;
  /** Milliseconds that never go back. */
  readonly now: () => number;
  /** Pictures in a run. */
  readonly batchSize: number;
  readonly sizePx: number;
  /** How often each model has its turn; 5. */
  readonly turns?: number;
  /** How long a turn takes at least, in milliseconds; 200. */
  readonly turnMs?: number;
}

/**
 * Pictures a second of models with the input `image` uint8 [N,H,W,3], on made-up pictures: they take turns, and each one's is the median of its turns.
 * Yields the number of turns done; returns the speeds in the models' order.
 */
export async function* compareSpeed(
  models: readonly Uint8Array[],
  { runtime, threads, now, batchSize, sizePx, turns = 5, turnMs = 200 }: CompareSpeedOptions,
): AsyncGenerator<number, readonly number[]> {
  const sessions: Session[] = [];
  try {
    for (const model of models) sessions.push(await runtime.load(model, threads === undefined ? {} : { threads }));
    const image = madeUpPictures(batchSize, sizePx);
    const run = async (session: Session): Promise<void> => {
      await session.run({ feeds: new Map([["image", image]]), fetch: ["probabilities"] });
    };
    const speeds = sessions.map((): number[] => []);
    for (let turn = 0; turn < turns; turn++) {
      for (const [i, session] of sessions.entries()) {
        // the threads of the one before it are still spinning
        await run(session);
        speeds[i]?.push(batchSize * (await rateOf(() => run(session), turnMs, now)));
        yield turn * sessions.length + i + 1;
      }
    }
    return speeds.map(median);
  } finally {
    for (const session of sessions) await session.release();
  }
}

/** Runs a second, over `leastMs` or a little more. */
async function rateOf(run: () => Promise<void>, leastMs: number, now: () => number): Promise<number> {
  const start = now();
  let count = 0;
  let elapsed = 0;
  do {
    await run();
    count++;
    elapsed = now() - start;
  } while (elapsed < leastMs);
  return (1000 * count) / elapsed;
}

function madeUpPictures(count: number, sizePx: number): TensorData {
  const shape = [count, sizePx, sizePx, 3];
  return { dtype: "uint8", shape, data: Uint8Array.from(fillUniform(count * sizePx * sizePx * 3, 0, 0, 0, 256)) };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] ?? 0;
}
