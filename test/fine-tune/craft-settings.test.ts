import assert from "node:assert/strict";
import { checkAgainstPhotos, findsRate } from "../../toolkit/fine-tune/craft-settings.ts";
import { plainSettings, settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";

const refused = (settings: object, message: RegExp, hint?: RegExp): void => {
  assert.throws(() => settle(settings, 64), { code: "E_SETTING", message, ...(hint ? { hint } : {}) });
};

describe("fine-tune/craft-settings", () => {
  it("settle() adds nothing to the settings of a run that asks for nothing", () => {
    const plain = plainSettings(settle({}, 64));
    const craft = ["patience", "stopMetric", "leastImprovement", "soupSize", "classWeights", "sampler", "onNonFinite"];
    assert.deepEqual(
      [...craft, "timeLimitSeconds", "rateIsAuto", "precision"].filter((name) => name in plain),
      [],
    );
    assert.deepEqual([plain["keep"], plain["rate"], plain["epochs"]], ["best", 1e-3, 5]);
    const said = { sampler: "shuffle", onNonFinite: "stop", keep: "best", precision: "float32" } as const;
    assert.deepEqual(settle(said, 64), settle({}, 64));
  });

  it("settle() decides what goes with what was asked for", () => {
    const settings = settle({ patience: 3, keep: "soup" }, 64);
    assert.deepEqual([settings.stopMetric, settings.leastImprovement, settings.soupSize], ["loss", 0, 5]);
  });

  it("settle() leaves as many epochs to a time limit as may be wanted, unless they are given", () => {
    const epochs = (chosen: FineTuneSettings): number => settle({ timeLimitSeconds: 60, ...chosen }, 64).epochs;
    assert.deepEqual(
      [epochs({}), epochs({ mode: "frozen" }), epochs({ mode: "scratch" }), epochs({ epochs: 3 })],
      [20, 100, 200, 3],
    );
  });

  it("plainSettings() says auto of a rate that is found, and writes weights as the command line takes them", () => {
    const plain = plainSettings(settle({ rate: "auto", headRate: "auto", classWeights: [1, 2.5] }, 64));
    assert.deepEqual([plain["rate"], plain["headRate"], plain["classWeights"]], ["auto", "auto", "1,2.5"]);
    assert.equal(plainSettings(settle({ classWeights: "balanced" }, 64))["classWeights"], "balanced");
  });

  it("findsRate() is about the stage that the rate is of", () => {
    const of = (chosen: FineTuneSettings): boolean[] => {
      const settings = settle(chosen, 64);
      return (["head", "network"] as const).map((stage) => findsRate(stage, settings));
    };
    assert.deepEqual(of({ rate: "auto" }), [false, true]);
    assert.deepEqual(of({ headRate: "auto" }), [true, false]);
    assert.deepEqual(of({ rate: "auto", mode: "frozen" })[0], true);
    assert.deepEqual(of({ headRate: "auto", mode: "frozen" })[0], false);
  });

  it("checkCraft() refuses numbers and names that mean nothing", () => {
    refused({ keep: "most" }, /keep "most": expected one of best, last, soup/);
    refused({ patience: 0 }, /patience 0: expected an integer of 1 or more/);
    refused({ patience: 2, leastImprovement: -1 }, /leastImprovement -1: expected a number of 0 or more/);
    refused({ patience: 2, stopMetric: "top" }, /stopMetric "top": expected one of loss, top1, top5Error/, /"top1"/);
    refused({ keep: "soup", soupSize: 1 }, /soupSize 1: expected an integer of 2 or more/);
    refused({ timeLimitSeconds: 0 }, /timeLimitSeconds 0: expected a number above 0/);
    refused({ sampler: "random" }, /sampler "random": expected one of shuffle, balanced, weighted/);
    refused({ onNonFinite: "ignore" }, /onNonFinite "ignore": expected one of stop, skip/);
    refused({ precision: "half" }, /precision "half": expected one of float32, mixed/);
    refused({ classWeights: [1, -1] }, /classWeights \[1,-1\]: expected "balanced", or a number of 0 or more/);
    refused({ classWeights: [0, 0] }, /classWeights \[0,0\]/);
    refused({ classWeights: "even" }, /classWeights "even"/);
    refused({ rate: -1 }, /rate -1: expected a number of 0 or more/);
  });

  it("settle() refuses mixed precision where nothing would hear it, and beside sharpness", () => {
    assert.equal(settle({ precision: "mixed" }, 64).precision, "mixed");
    refused({ precision: "mixed", mode: "frozen" }, /precision "mixed" in mode "frozen"/);
    refused({ precision: "mixed", sharpness: 0.05 }, /precision "mixed" and sharpness 0.05/);
  });

  it("checkCraft() refuses what nobody would hear", () => {
    refused({ stopMetric: "top1" }, /stopMetric top1 and no patience/, /say with patience/);
    refused({ leastImprovement: 0.1 }, /leastImprovement 0.1 and no patience/);
    refused({ soupSize: 3 }, /soupSize 3 and keep "best": expected keep "soup"/, /--keep soup/);
    refused({ classWeights: "balanced", sampler: "balanced" }, /rare classes would count twice/);
  });

  it("checkAgainstPhotos() refuses what the photos cannot give", () => {
    const photos = { classes: ["cat", "dog", "hen"], validation: [1] };
    const check = (chosen: FineTuneSettings, of: object = {}): void =>
      checkAgainstPhotos(settle(chosen, 64), { ...photos, ...of });
    check({ classWeights: [1, 2, 3], patience: 1 });
    const rejected = (message: RegExp): object => ({ code: "E_SETTING", message });
    assert.throws(() => check({ classWeights: [1, 2] }), rejected(/2 class weights: expected 3, one for each class/));
    assert.throws(() => check({ patience: 1 }, { validation: [] }), rejected(/there are no validation photos/));
    const average = { patience: 1, stopMetric: "meanAveragePrecision" } as const;
    assert.throws(() => check(average), rejected(/the photos have one label each/));
    check(average, { isMultiLabel: true });
    const drawn = { sampler: "weighted" } as const;
    assert.throws(() => check(drawn, { train: [{}, {}] }), rejected(/no photo has a weight/));
    check(drawn, { train: [{}, { weight: 2 }] });
    check({ ...drawn, classWeights: [1, 2, 3] }, { train: [{}, {}] });
  });
});
