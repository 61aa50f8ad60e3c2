import assert from "node:assert/strict";
import { isPartial, settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";

const refused = (settings: object, message: RegExp, hint?: RegExp): void => {
  assert.throws(() => settle(settings, 64), {
    code: "E_SETTING",
    message,
    ...(hint ? { hint } : {}),
  });
};

describe("fine-tune/check-settings", () => {
  it("settle() takes the rate of the batches that there can be", () => {
    const train = Array.from({ length: 32 }, (_, i) => ({ id: `${i}`, path: `${i}.jpg`, label: 0 }));
    const rateOf = (batchSize: number, data = {}): number => settle({ mode: "full", batchSize }, 64, data).rate;
    assert.deepEqual([rateOf(64), rateOf(64, { train }), rateOf(16, { train })], [4e-3, 2e-3, 1e-3]);
    assert.equal(rateOf(16, { train: train.slice(0, 5) }), 1e-3);
  });

  it("settle() trains the last stage in partial where nothing is said, and whatever is named", () => {
    assert.deepEqual([settle({ mode: "partial" }, 64).unfreeze, settle({}, 64).unfreeze], [1, undefined]);
    const named = settle({ mode: "partial", trainFrom: "layer3" }, 64);
    assert.deepEqual([named.unfreeze, named.trainFrom], [undefined, "layer3"]);
  });

  it("isPartial() is true of partial, and of staged that says where to begin", () => {
    assert.deepEqual(
      [
        { mode: "partial" },
        { mode: "staged", unfreeze: 2 },
        { mode: "staged", trainFrom: "a" },
        {},
        { mode: "full" },
      ].map((chosen) => isPartial(settle(chosen as FineTuneSettings, 64))),
      [true, true, true, false, false],
    );
  });

  it("checkSettings() refuses what is said of a frozen part that is not there", () => {
    refused(
      { mode: "full", unfreeze: 1 },
      /unfreeze in mode "full": expected mode "partial" or "staged"/,
      /--mode partial/,
    );
    refused({ mode: "frozen", trainFrom: "layer4" }, /trainFrom in mode "frozen"/);
    refused({ mode: "partial", trainFrom: "layer4", unfreeze: 1 }, /both say where training begins/);
    refused({ mode: "partial", unfreeze: 0 }, /unfreeze 0: expected an integer of 1 or more/);
    refused({ mode: "full", views: 2 }, /views 2 in mode "full": nothing is cached there/);
    refused({ mode: "scratch", views: 2 }, /views 2 in mode "scratch"/);
    refused({ mode: "partial", views: 2, augment: false }, /views 2 and no augmentation: all views would be the same/);
  });

  it("checkSettings() refuses numbers and names that mean nothing", () => {
    refused({ views: 0 }, /views 0: expected an integer of 1 or more/);
    refused({ views: 1.5 }, /views 1.5/);
    refused({ cacheType: "int8" }, /cacheType "int8": expected one of float32, float16/);
    refused({ cacheMemoryBytes: -1 }, /cacheMemoryBytes -1: expected a number of 0 or more/);
    refused({ cacheDiskBytes: Number.NaN }, /cacheDiskBytes NaN/);
    refused({ mode: "part" }, /mode "part": expected one of frozen, partial, full, staged, scratch/);
  });
});
