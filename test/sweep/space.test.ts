import assert from "node:assert/strict";
import { axesOf } from "../../toolkit/sweep/space.ts";

const refused = (space: object, message: RegExp, hint?: RegExp): void => {
  assert.throws(
    () => axesOf(space),
    (error: Error & { code?: string; hint?: string }) => {
      assert.equal(error.code, "E_SETTING");
      assert.match(error.message, message);
      if (hint) assert.match(error.hint ?? "", hint);
      return true;
    },
  );
};

describe("sweep/space", () => {
  it("axesOf() reads lists and ranges; settings that count something take whole numbers, others do not", () => {
    const axes = axesOf({
      rate: { from: 1e-4, to: 0.1, scale: "log" },
      decay: [0, 1e-4],
      hidden: { from: 16, to: 256, scale: "log" },
      warmUpEpochs: { from: 0, to: 2 },
      optimizer: ["sgd", { name: "rmsprop", alpha: 0.9 }],
    });
    assert.deepEqual(axes, [
      { name: "rate", kind: "range", from: 1e-4, to: 0.1, scale: "log", isInteger: false },
      { name: "decay", kind: "choice", values: [0, 1e-4] },
      { name: "hidden", kind: "range", from: 16, to: 256, scale: "log", isInteger: true },
      { name: "warmUpEpochs", kind: "range", from: 0, to: 2, scale: "linear", isInteger: false },
      { name: "optimizer", kind: "choice", values: ["sgd", { name: "rmsprop", alpha: 0.9 }] },
    ]);
  });

  it("axesOf() takes settings that have no default, or that a run says in other words", () => {
    const space = { sampler: ["shuffle", "balanced"], mixup: [0, 0.2], cutmix: [0, 1] } as const;
    assert.deepEqual(
      axesOf(space, { mode: "full" }).map(({ name }) => name),
      ["sampler", "mixup", "cutmix"],
    );
    refused({ sampler: ["shuffle", "even"] }, /sampler "even"/);
  });

  it("axesOf() refuses what is no setting with the nearest name, and the seed with the way out", () => {
    refused({ decays: [0, 1] }, /^Cannot sweep "decays": expected one of .*decay/, /did you mean "decay"/);
    refused({ seed: [0, 1] }, /^Cannot sweep seed: expected the number of seeds/);
    refused({}, /^Cannot sweep nothing/);
  });

  it("axesOf() refuses values that training would refuse, at either end of a range and anywhere in a list", () => {
    refused({ momentum: { from: 0.5, to: 1 } }, /^Cannot train with momentum 1: expected a number from 0 to below 1/);
    refused({ hidden: [16, -1] }, /^Cannot train with hidden -1/);
    refused({ epochs: [0, 5] }, /^Cannot train with epochs 0/);
    refused({ mode: ["frozen", "frosen"] }, /^Cannot train with mode "frosen"/);
  });

  it("axesOf() refuses what is neither a list nor a range, and a log scale from 0", () => {
    refused({ rate: 0.1 }, /^Cannot sweep rate: expected a list of values, or/);
    refused({ rate: { from: 0.1, to: 0.1 } }, /^Cannot sweep rate: expected a list of values, or/);
    refused({ rate: { from: 0.1, to: 1, step: 2 } }, /found \{"from":0.1,"to":1,"step":2\}$/);
    refused({ rate: { from: 0, to: 1, scale: "log" } }, /expected a number above 0 where a log scale begins, found 0$/);
    refused({ rate: { from: 0.1, to: 1, scale: "lg" } }, /expected the scale "linear" or "log", found "lg"$/);
    refused({ rate: { from: 0.1, to: 0.01 } }, /expected a range that begins at its lower end, found 0.1 to 0.01$/);
    refused({ rate: [] }, /^Cannot sweep rate: expected one value or more/);
  });

  it("axesOf() knows what the data have: numbers have losses of their own", () => {
    const about = { classes: [], columns: ["size"] };
    assert.equal(axesOf({ loss: ["mse", "huber"] }, {}, about).length, 1);
    assert.throws(() => axesOf({ loss: ["mse", "focal"] }, {}, about), { code: "E_SETTING" });
    assert.throws(() => axesOf({ loss: ["mse", "huber"] }), { code: "E_SETTING" });
  });

  it("axesOf() judges a value beside those that all trials share, and the first of every other axis", () => {
    assert.throws(() => axesOf({ unfreeze: [1, 2] }, { mode: "full" }), /in mode "full"/);
    assert.throws(() => axesOf({}, { loss: "focall" as "focal" }), /loss "focall"/);
    assert.equal(axesOf({ unfreeze: [1, 2], mode: ["partial", "staged"] }).length, 2);
  });
});
