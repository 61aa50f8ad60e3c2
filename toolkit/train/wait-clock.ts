/** Measures how long whoever reads items waits for them. */
export interface WaitClock {
  /** The same items. */
  measured<T>(items: AsyncIterable<T>): AsyncGenerator<T, void, undefined>;
  /** Which share of the time from the first request to the end of the work on the last item was spent waiting, 0..1; undefined where no time has passed. */
  share(): number | undefined;
}

/** `now` in milliseconds, never going back. */
export function waitClock(now: () => number): WaitClock {
  let waited = 0;
  let total = 0;
  return {
    async *measured(items) {
      const iterator = items[Symbol.asyncIterator]();
      let asked = now();
      try {
        for (let item = await iterator.next(); !item.done; item = await iterator.next()) {
          const got = now();
          try {
            yield item.value;
          } finally {
            // also for the item at which the reader stops
            const done = now();
            waited += got - asked;
            total += done - asked;
            asked = done;
          }
        }
      } finally {
        await iterator.return?.();
      }
    },
    share: () => (total > 0 ? waited / total : undefined),
  };
}
