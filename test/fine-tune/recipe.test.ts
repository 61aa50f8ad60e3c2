import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDataset } from "../../toolkit/data/dataset.ts";
import type { Dataset } from "../../toolkit/data/dataset.ts";
import { hashFile } from "../../toolkit/data/hash.ts";
import { errorCode } from "../../toolkit/errors.ts";
import type { SourceModel } from "../../toolkit/export/source-model.ts";
import type { FineTuneEvent, FineTuneResult } from "../../toolkit/fine-tune/events.ts";
import { fineTune } from "../../toolkit/fine-tune/fine-tune.ts";
import { CLASSIFIER_LOSSES } from "../../toolkit/fine-tune/task-losses.ts";
import { plainSettings, settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings, ScheduleChoice } from "../../toolkit/fine-tune/settings.ts";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { optimizerNames } from "../../toolkit/optimizers/named-optimizer.ts";
import type { NamedOptimizer } from "../../toolkit/optimizers/named-optimizer.ts";
import { scheduleNames } from "../../toolkit/schedules/named-schedule.ts";
import { openCheckpoints } from "../../toolkit/train/checkpoint-folder.ts";
import { fixture } from "../support/fixtures.ts";
import { directRuntime } from "../support/run-graph.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";

const FROZEN: FineTuneSettings = { mode: "frozen", epochs: 15, sizePx: 32, batchSize: 8, seed: 3, threads: 1 };

/** Rates at which the head of the toy network learns its three colours in a few epochs. */
const RATES: Readonly<Record<NamedOptimizer, number>> = {
  sgd: 0.05,
  nesterov: 0.05,
  adam: 0.01,
  adamw: 0.01,
  amsgrad: 0.01,
  adamax: 0.02,
  nadam: 0.01,
  radam: 0.02,
  rmsprop: 0.01,
  adagrad: 0.1,
  adadelta: 3,
  lion: 0.005,
};

describe("fine-tune/recipe", () => {
  let folder = "";
  let source: SourceModel;
  let dataset: Dataset;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-recipe-"));
    await writeToyPhotos(join(folder, "photos"));
    source = { model: await readModelFile(fixture("resnet18-width8/bn.onnx")), name: "bn", sha256: "01" };
    dataset = await readDataset(join(folder, "photos"), { seed: 1 });
  });
  after(() => rm(folder, { recursive: true }));

  interface Given extends FineTuneSettings {
    readonly teacher?: SourceModel;
    readonly run?: string;
    readonly resume?: boolean;
    /** Abort after this many steps. */
    readonly abortAt?: number;
  }

  async function train(given: Given): Promise<{ events: FineTuneEvent[]; result: FineTuneResult }> {
    const { run: name, abortAt, ...options } = given;
    const stop = new AbortController();
    const checkpoints = name === undefined ? {} : { checkpoints: await openCheckpoints(join(folder, name)) };
    const platform = { runtime: directRuntime, decoder: sharpDecoder(), hashFile, ...checkpoints };
    const run = fineTune({ ...FROZEN, ...options, source, dataset, platform, signal: stop.signal });
    const events: FineTuneEvent[] = [];
    for await (const event of run) {
      events.push(event);
      if (event.kind === "step" && event.step === abortAt) stop.abort();
    }
    return { events, result: await run.result };
  }

  const rates = (events: readonly FineTuneEvent[]): number[] =>
    events.flatMap((e) => (e.kind === "step" ? [e.rate] : []));
  const losses = (events: readonly FineTuneEvent[]): number[] =>
    events.flatMap((e) => (e.kind === "step" ? [e.loss] : []));

  for (const name of optimizerNames) {
    it(`trains with ${name}`, async () => {
      const { result } = await train({ optimizer: name, rate: RATES[name] });
      assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
    });
  }

  for (const name of CLASSIFIER_LOSSES) {
    it(`trains with the loss ${name}`, async () => {
      const { result } = await train({ loss: name, rate: 0.01 });
      assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
      assert.ok(result.parity && result.parity.largestDifference < 1e-4);
    });
  }

  for (const name of scheduleNames) {
    it(`trains with the schedule ${name}`, async () => {
      const { events } = await train({ schedule: name, rate: 0.01, epochs: 6 });
      const seen = rates(events);
      assert.equal(seen.length, 18);
      assert.ok(seen.every((rate) => rate >= 0 && rate <= 0.0101));
      const falls = !["constant", "plateau", "linear", "one-cycle", "cyclic"].includes(name);
      if (falls) assert.ok((seen.at(-1) ?? 1) < 0.01, `${name} ends at ${seen.at(-1)}`);
    });
  }

  it("counts what a schedule counts in epochs", async () => {
    const at = async (schedule: ScheduleChoice): Promise<number[]> =>
      rates((await train({ schedule, rate: 0.08, epochs: 4, optimizer: "sgd" })).events).filter((_, i) => i % 3 === 0);
    assert.deepEqual(await at({ name: "step", every: 1, factor: 0.5 }), [0.08, 0.04, 0.02, 0.01]);
    assert.deepEqual(await at({ name: "multi-step", milestones: [1, 3], factor: 0.5 }), [0.08, 0.04, 0.04, 0.02]);
    const alone = { name: "multi-step", milestones: 2, factor: 0.5 } as unknown as ScheduleChoice;
    assert.deepEqual(await at(alone), [0.08, 0.08, 0.04, 0.04], "a list of one may be written as its item");
    const exponential = await at({ name: "exponential", factor: 0.5 });
    for (const [i, rate] of exponential.entries()) assert.ok(Math.abs(rate - 0.08 * 0.5 ** i) < 1e-9);
  });

  it("rises to the rate over the epochs of warm-up", async () => {
    const seen = rates((await train({ warmUpEpochs: 2, schedule: "constant", rate: 0.01, epochs: 3 })).events);
    assert.ok(seen.slice(0, 6).every((rate, i) => i === 0 || rate > (seen[i - 1] ?? 1)));
    assert.deepEqual(seen.slice(6), [0.01, 0.01, 0.01]);
  });

  it("gives with accumulated batches what large ones give", async () => {
    const plain = { optimizer: "adam", schedule: "constant", rate: 0.01, keep: "last", epochs: 4 } as const;
    const large = await train({ ...plain, batchSize: 8 });
    const small = await train({ ...plain, batchSize: 4, accumulate: 2 });
    const [a, b] = [large, small].map(({ result }) => result.evaluation?.probabilities);
    assert.ok(a && b);
    for (const [i, p] of a.entries()) assert.ok(Math.abs(p - (b[i] ?? 0)) < 1e-5, `${p} and ${b[i]}`);
  });

  it("changes nothing at the batches between two updates", async () => {
    const { events } = await train({ batchSize: 24, accumulate: 3, epochs: 3, schedule: "constant", rate: 0.05 });
    const [first, second, third] = losses(events);
    // the whole set is one batch, and an epoch only shuffles it
    assert.ok(first !== undefined && second !== undefined && third !== undefined);
    assert.ok(Math.abs(first - second) < 1e-5 && Math.abs(first - third) < 1e-5);
  });

  it("refuses to accumulate more batches than a stage has steps", async () => {
    // 24 photos in batches of 8: 3 steps an epoch
    for (const [settings, message] of [
      [{ mode: "frozen", epochs: 2, accumulate: 7 }, /train the head with accumulate 7: the stage has 6 steps/],
      [{ mode: "full", epochs: 2, accumulate: 7 }, /train the network with accumulate 7: the stage has 6 steps/],
      [{ mode: "full", epochs: 2, maxSteps: 2, accumulate: 3 }, /accumulate 3: the stage has 2 steps/],
    ] as const) {
      await assert.rejects(train(settings), (error: Error) => {
        assert.match(error.message, message);
        return errorCode(error) === "E_SETTING";
      });
    }
    await train({ mode: "full", epochs: 1, accumulate: 3 });
    // the head of staged is trained plainly
    await train({ mode: "staged", headEpochs: 1, epochs: 2, accumulate: 6 });
  });

  it("evaluates and exports the average of the weights", async () => {
    const common = { keep: "last", epochs: 3, rate: 0.01, schedule: "constant" } as const;
    const plain = await train(common);
    const averaged = await train({ ...common, averageDecay: 0.9 });
    assert.deepEqual(losses(averaged.events), losses(plain.events), "training itself is the same");
    const [a, b] = [plain, averaged].map(({ result }) => result.evaluation?.loss ?? 0);
    assert.ok(a !== undefined && b !== undefined && b > a * 1.01, `the average lags behind: ${a}, ${b}`);
    const { model, parity } = averaged.result;
    assert.ok(parity && parity.largestDifference < 1e-5 && model);
    const names = [...decodeModel(model).graph.constants.keys()];
    assert.equal(names.filter((n) => n.startsWith("step/")).length, 0);
  });

  it("resumes to the same bits with an average, accumulated batches and clipping", async () => {
    const settings = {
      mode: "full",
      epochs: 2,
      rate: 0.01,
      optimizer: "adamw",
      averageDecay: 0.9,
      accumulate: 2,
      clipNorm: 1,
      schedule: { name: "one-cycle", riseShare: 0.4 },
    } as const;
    const whole = await train(settings);
    const stopped = await train({ ...settings, run: "resumed", abortAt: 3 });
    assert.equal(stopped.result.status, "stopped");
    const rest = await train({ ...settings, run: "resumed", resume: true });
    assert.deepEqual([...losses(stopped.events), ...losses(rest.events)], losses(whole.events));
    assert.deepEqual(rest.result.model, whole.result.model);
  });

  it("clips gradients, and steps uphill before the gradient is taken", async () => {
    const plain = { optimizer: "sgd", momentum: 0, schedule: "constant", rate: 0.05, epochs: 2 } as const;
    const without = losses((await train(plain)).events);
    for (const setting of [{ clipNorm: 0.01 }, { clipValue: 1e-3 }, { clipAdaptive: 1e-3 }, { sharpness: 0.5 }]) {
      const seen = losses((await train({ ...plain, ...setting })).events);
      assert.equal(seen[0], without[0], "the first loss is that of the untouched weights");
      assert.notEqual(seen.at(-1), without.at(-1), JSON.stringify(setting));
      assert.ok(seen.every(Number.isFinite));
    }
  });

  describe("with a teacher", () => {
    let teacher: SourceModel;
    before(async () => {
      const { result } = await train({ rate: 0.01, epochs: 30 });
      assert.ok(result.model);
      teacher = { model: decodeModel(result.model), name: "teacher", sha256: "09" };
    });

    it("learns from the teacher's answers alone", async () => {
      const { result } = await train({
        mode: "full",
        epochs: 20,
        rate: 0.02,
        batchNorm: "batch",
        teacher,
        teacherShare: 1,
        temperature: 2,
      });
      assert.ok((result.evaluation?.top1 ?? 0) >= 0.75, `accuracy ${result.evaluation?.top1}`);
      assert.ok(result.parity && result.parity.largestDifference < 1e-4);
    });

    it("mixes labels and teacher, with frozen statistics too", async () => {
      const { events } = await train({ mode: "full", epochs: 2, rate: 0.01, batchNorm: "frozen", teacher });
      const seen = losses(events);
      assert.ok((seen.at(-1) ?? 9) < (seen[0] ?? 0));
    });

    it("is refused where it cannot be heard or knows other classes", async () => {
      const setting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
      await assert.rejects(train({ mode: "frozen", teacher }), setting);
      const stranger = { ...teacher, labels: ["cat", "dog", "cow"] };
      await assert.rejects(train({ mode: "full", teacher: stranger }), /classes are cat, dog, cow/);
      const other = { ...teacher, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
      await assert.rejects(train({ mode: "full", teacher: other }), /wants mean 0.5,0.5,0.5/);
    });
  });

  it("refuses names, options and numbers that mean nothing, before anything is read", () => {
    const refused = (settings: object, message: RegExp): void => {
      assert.throws(
        () => settle(settings, 64),
        (error) => errorCode(error) === "E_SETTING" && message.test((error as Error).message),
      );
    };
    refused({ optimizer: "adamm" }, /adamm.*expected one of sgd, nesterov/);
    refused({ optimizer: { name: "adam", rho: 0.9 } }, /"rho" with adam/);
    refused({ loss: "triplet" }, /Cannot train a classifier with loss "triplet"/);
    refused({ loss: "mse" }, /Cannot train a classifier with loss "mse"/);
    refused({ loss: { name: "hinge", gamma: 2 } }, /gamma/);
    refused({ loss: { name: "focal", gamma: "abc" } }, /gamma abc: expected a number of 0 or more/);
    refused({ loss: { name: "cross-entropy", classWeights: true } }, /classWeights true/);
    refused({ schedule: { name: "constant", rate: 7 } }, /with rate: it is a setting of its own/);
    refused({ schedule: { name: "cosine", warmUpSteps: 7 } }, /with warmUpSteps/);
    refused({ schedule: "sine" }, /sine/);
    refused({ schedule: { name: "step", every: -1 } }, /every -1/);
    refused({ accumulate: 0 }, /accumulate 0/);
    refused({ averageDecay: 1 }, /averageDecay 1/);
    refused({ temperature: 0 }, /temperature 0/);
  });

  it("writes a choice with its options as one text", () => {
    const settings = settle({ schedule: { name: "multi-step", milestones: [2, 4], factor: 0.5 } }, 64);
    assert.equal(plainSettings(settings)["schedule"], "multi-step:milestones=2+4,factor=0.5");
    assert.equal(plainSettings(settings)["optimizer"], "sgd");
  });
});
