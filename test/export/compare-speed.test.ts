import assert from "node:assert/strict";
import { compareSpeed } from "../../toolkit/export/compare-speed.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";

/** A runtime whose models take as many milliseconds as their only byte says, by a clock that only runs move. */
function slowRuntime(): { runtime: Runtime; now: () => number; released: () => number; order: number[] } {
  let clock = 0;
  let released = 0;
  const order: number[] = [];
  const runtime: Runtime = {
    name: "slow",
    load: async (model) => ({
      add: async () => {},
      set: async () => {},
      get: async () => new Map(),
      run: async ({ feeds }) => {
        assert.deepEqual(feeds.get("image")?.shape, [4, 8, 8, 3]);
        clock += model[0] ?? 0;
        order.push(model[0] ?? 0);
        return new Map();
      },
      release: async () => {
        released++;
      },
    }),
  };
  return { runtime, now: () => clock, released: () => released, order };
}

const options = { batchSize: 4, sizePx: 8, turns: 3, turnMs: 50 };

describe("export/compare-speed", () => {
  it("compareSpeed says pictures a second of each model, and lets them take turns", async () => {
    const { runtime, now, released, order } = slowRuntime();
    const work = compareSpeed([Uint8Array.of(20), Uint8Array.of(10)], { runtime, now, ...options });
    const done: number[] = [];
    let item = await work.next();
    for (; !item.done; item = await work.next()) done.push(item.value);
    assert.deepEqual(item.value, [200, 400]);
    assert.deepEqual(done, [1, 2, 3, 4, 5, 6]);
    assert.equal(released(), 2);
    assert.deepEqual(
      order.filter((v, i) => v !== order[i - 1]),
      [20, 10, 20, 10, 20, 10],
    );
  });

  it("releases its sessions where the reader stops", async () => {
    const { runtime, now, released } = slowRuntime();
    const work = compareSpeed([Uint8Array.of(20), Uint8Array.of(10)], { runtime, now, ...options });
    await work.next();
    await work.return([]);
    assert.equal(released(), 2);
  });
});
