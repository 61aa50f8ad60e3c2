import assert from "node:assert/strict";
import { openSavePace } from "../../toolkit/fine-tune/save-pace.ts";

describe("fine-tune/save-pace", () => {
  it("openSavePace() lets checkpoints take a fiftieth of the time, and at least one be written a minute", async () => {
    let ms = 5;
    const pace = openSavePace(() => ms);
    const save = async (took: number): Promise<void> => {
      assert.equal(
        await pace.timed(() => {
          ms += took;
          return Promise.resolve("saved");
        }),
        "saved",
      );
    };
    assert.ok(pace.isDue(), "the first");
    await save(100);
    ms += 4999;
    assert.ok(!pace.isDue());
    ms += 1;
    assert.ok(pace.isDue());
    await save(10_000);
    ms += 59_999;
    assert.ok(!pace.isDue());
    ms += 1;
    assert.ok(pace.isDue());
  });

  it("openSavePace() without a clock lets all be written", async () => {
    const pace = openSavePace();
    await pace.timed(() => Promise.resolve());
    assert.ok(pace.isDue());
  });
});
