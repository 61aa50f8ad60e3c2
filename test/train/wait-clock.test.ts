import assert from "node:assert/strict";
import { waitClock } from "../../toolkit/train/wait-clock.ts";

describe("train/wait-clock", () => {
  let ms = 0;
  async function* items(...waits: readonly number[]): AsyncGenerator<number> {
    for (const wait of waits) {
      ms += wait;
      yield wait;
    }
    ms += 1000;
  }

  it("tells which share of the time its reader waited, the work on the last item included", async () => {
    const clock = waitClock(() => ms);
    for await (const wait of clock.measured(items(30, 10))) ms += wait === 30 ? 50 : 110;
    assert.equal(clock.share(), 0.2);
  });

  it("counts the item at which the reader stops", async () => {
    const clock = waitClock(() => ms);
    for await (const wait of clock.measured(items(10, 40, 500))) {
      ms += 25;
      if (wait === 40) break;
    }
    assert.equal(clock.share(), 0.5);
  });

  it("has nothing to tell where no time passes", async () => {
    const clock = waitClock(() => 0);
    for await (const _ of clock.measured(items(1, 2)));
    assert.equal(clock.share(), undefined);
  });
});
