import assert from "node:assert/strict";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { samplingOf, samplingOrder } from "../../toolkit/data/sampling.ts";
import type { FineTuneSettings } from "../../toolkit/fine-tune/settings.ts";
import type { Runtime } from "../../toolkit/runtime/runtime.ts";
import { STEP } from "../../toolkit/train/step.ts";
import type { Told } from "./craft-run.ts";
import { craftCase, eventsOf, watchedRuntime } from "./craft-run.ts";

interface Fed {
  /** Class and weight of the rows of each step. */
  readonly rows: readonly (readonly [label: number, weight: number])[];
  readonly divisor: number;
}

/** A runtime that writes down what steps are fed, one in a run. */
function recording(fed: Fed[]): Runtime {
  return watchedRuntime(({ feeds }) => {
    const [target, weight, divisor] = [STEP.target, STEP.weight, STEP.divisor].map((name) => feeds.get(name)?.data);
    const classes = (target?.length ?? 0) / (weight?.length ?? 1);
    const rows = Array.from((weight ?? []) as Float32Array, (w, i) => {
      const own = (target as Float32Array).subarray(i * classes, (i + 1) * classes);
      return [own.indexOf(1), w] as const;
    });
    fed.push({ rows, divisor: Number(divisor?.[0]) });
  });
}

describe("fine-tune, how photos are drawn and what they count", () => {
  const { train, dataset } = craftCase({ train: 8, validation: 2 });
  /** Eight blue, eight green and two red ones. */
  const skewed = (): Dataset => {
    const { train: all, ...others } = dataset();
    return { ...others, train: all.filter((s, i) => s.label < 2 || i < 18) };
  };
  const run = async (settings: FineTuneSettings, of: Dataset = skewed()): Promise<{ told: Told; fed: Fed[] }> => {
    const fed: Fed[] = [];
    const common = { epochs: 1, rate: 0.01, runtime: recording(fed), dataset: of };
    return { told: await train({ ...common, ...settings }), fed };
  };
  const MODES = [
    { mode: "frozen" },
    { mode: "partial", batchNorm: "frozen" },
    { mode: "full", batchNorm: "frozen" },
  ] as const;

  for (const settings of MODES) {
    it(`balanced class weights reach the loss: ${settings.mode}`, async () => {
      const { fed } = await run({ ...settings, classWeights: "balanced" });
      const rows = fed.flatMap((step) => step.rows).filter(([, weight]) => weight > 0);
      assert.equal(rows.length, 18);
      // n / (K n_k), of 18 photos of 3 classes
      for (const [label, weight] of rows) assert.equal(weight, Math.fround(label === 2 ? 18 / 6 : 18 / 24));
      for (const { rows: own, divisor } of fed)
        assert.equal(divisor, Math.fround(own.reduce((sum, [, weight]) => sum + weight, 0)));
    });

    it(`weights of photos and of classes are multiplied: ${settings.mode}`, async () => {
      const { train: all, ...others } = skewed();
      const weighed = { ...others, train: all.map((s) => Object.assign({}, s, { weight: s.label === 1 ? 0.5 : 1 })) };
      const { fed } = await run({ ...settings, classWeights: [1, 4, 3] }, weighed);
      const found = new Set(fed.flatMap((step) => step.rows.map(([label, weight]) => `${label} ${weight}`)));
      for (const expected of ["0 1", "1 2", "2 3"]) assert.ok(found.has(expected), expected);
    });

    it(`a balanced sampler draws every class about equally often, the same in every run: ${settings.mode}`, async () => {
      const { fed, told } = await run({ ...settings, sampler: "balanced", epochs: 20 });
      const labels = fed.flatMap((step) => step.rows.flatMap(([label, weight]) => (weight > 0 ? [label] : [])));
      assert.equal(labels.length, 20 * 18);
      const of = skewed();
      const sampling = samplingOf(of.train, { sampler: "balanced" });
      const expected = Array.from({ length: 20 }, (_, epoch) =>
        samplingOrder([...of.train.keys()], sampling, 3, epoch),
      );
      assert.deepEqual(
        labels,
        expected.flat().map((i) => of.train[i]?.label),
      );
      assert.ok(eventsOf(told, "epoch").length === 20);
    });
  }

  it("nothing is weighed where nobody asks for it", async () => {
    const { fed } = await run({ mode: "frozen" });
    assert.deepEqual(new Set(fed.flatMap((step) => step.rows.map(([, weight]) => weight))), new Set([0, 1]));
  });

  it("class weights move what is learnt towards the rare class", async () => {
    const settings = { mode: "frozen", epochs: 2, keep: "last" } as const;
    const red = async (more: FineTuneSettings): Promise<number> => {
      const { told } = await run({ ...settings, ...more });
      const { probabilities } = told.result.evaluation ?? { probabilities: new Float32Array() };
      return probabilities.reduce((sum, p, i) => (i % 3 === 2 ? sum + p : sum), 0);
    };
    const [plain, weighed, drawn] = [
      await red({}),
      await red({ classWeights: "balanced" }),
      await red({ sampler: "balanced" }),
    ];
    assert.ok(weighed > plain && drawn > plain, `red gets ${plain}, ${weighed} and ${drawn}`);
  });

  for (const settings of [MODES[0], MODES[2]]) {
    it(`a resumed run goes on with the same photos and views: ${settings.mode}`, async () => {
      const common = { ...settings, epochs: 3, rate: 0.01, sampler: "weighted", classWeights: "balanced" } as const;
      const shared = { ...common, checkpointEvery: 2, dataset: skewed() };
      const whole = await train({ ...shared, run: `${settings.mode}-whole` });
      const name = `${settings.mode}-cut`;
      const cut = await train({ ...shared, run: name, abortAt: (e) => e.kind === "step" && e.step === 4 });
      const rest = await train({ ...shared, run: name, resume: true });
      assert.deepEqual(
        [...eventsOf(cut, "step"), ...eventsOf(rest, "step")].map((e) => e.loss),
        eventsOf(whole, "step").map((e) => e.loss),
      );
      assert.deepEqual(rest.result.model, whole.result.model);
    });
  }

  it("as many weights as there are classes are expected", async () => {
    await assert.rejects(run({ mode: "frozen", classWeights: [1, 2] }), {
      code: "E_SETTING",
      message: /2 class weights: expected 3, one for each class/,
    });
  });
});
