import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { STEPS } from "../../toolkit/lowering/repeat.ts";
import type { Session } from "../../toolkit/runtime/runtime.ts";
import type { TrainBatch } from "../../toolkit/train/batch.ts";
import { openPace } from "../../toolkit/train/pace.ts";
import type { Pace } from "../../toolkit/train/pace.ts";
import { STEP } from "../../toolkit/train/step.ts";
import { train } from "../../toolkit/train/train.ts";
import type { TrainEvent, TrainOptions } from "../../toolkit/train/train.ts";

const PER_EPOCH = 7;
const ROWS = 2;

/** Learns one number: a step's loss is what it was before, and the step takes rate * x + mask off. Its first row is right where that is above 0. */
class ToySession {
  weight = 1;
  /** How many steps each run made. */
  readonly runs: number[] = [];

  run({ feeds }: { readonly feeds: ReadonlyMap<string, TensorData> }): Promise<ReadonlyMap<string, TensorData>> {
    const count = Number(feeds.get(STEPS)?.data[0] ?? 1);
    const [losses, logits]: [number[], number[]] = [[], []];
    for (let i = 0; i < count; i++) {
      losses.push(this.weight);
      const at = (name: string): number => Number(feeds.get(name)?.data[i]);
      logits.push(this.weight, 0, 0, 1);
      this.weight -= at(STEP.rate) * at("x") + at("mask");
    }
    this.runs.push(count);
    return Promise.resolve(
      new Map([
        [STEP.loss, float32([count], losses)],
        ["logits", float32([count, ROWS, 2], logits)],
      ]),
    );
  }
}

/** The rest of an epoch's batches; the numbers in them differ. */
async function* batches(epoch: number, position: number): AsyncGenerator<TrainBatch> {
  for (let i = position / ROWS; i < PER_EPOCH; i++) {
    yield {
      inputs: new Map([["x", float32([1], [Math.sin(epoch * PER_EPOCH + i + 1)])]]),
      labels: Int32Array.of(0, 1),
      weight: new Float32Array(ROWS).fill(1),
      count: ROWS,
      indices: Int32Array.of(2 * i, 2 * i + 1),
      position: ROWS * (i + 1),
    };
  }
}

/** As many steps a run as it is told. */
function always(steps: number): Pace {
  return { steps: () => steps, ran: () => {} };
}

function start(session: ToySession, more: Partial<TrainOptions>): AsyncGenerator<TrainEvent, void> {
  return train({
    session: session as unknown as Session,
    logits: "logits",
    classes: 2,
    batches,
    stepsPerEpoch: PER_EPOCH,
    epochs: 2,
    schedule: ({ step, steps }) => 1 - step / steps,
    extras: (step) => new Map([["mask", float32([1], [step / 100])]]),
    ...more,
  });
}

interface Told {
  readonly events: readonly TrainEvent[];
  readonly runs: readonly number[];
  readonly weight: number;
}

/** Reads a run to its end; `react` is shown every event. */
async function told(more: Partial<TrainOptions>, react: (event: TrainEvent) => void = () => {}): Promise<Told> {
  const session = new ToySession();
  const events: TrainEvent[] = [];
  for await (const event of start(session, more)) {
    events.push(event);
    react(event);
  }
  return { events, runs: session.runs, weight: session.weight };
}

function stepsOf({ events }: Told): readonly number[] {
  return events.flatMap((event) => (event.kind === "step" ? [event.step] : []));
}

const UP_TO = (last: number): readonly number[] => Array.from({ length: last }, (_, i) => i + 1);

describe("train/train, several steps a run", () => {
  it("train() tells one event a step, whatever the pace, and the same ones", async () => {
    const single = await told({});
    assert.deepEqual(stepsOf(single), UP_TO(14));
    const losses = single.events.map((event) => (event.kind === "step" ? event.loss : 0));
    assert.ok(new Set(losses).size > 12, "losses differ from step to step");
    const accuracies = single.events.flatMap((event) => (event.kind === "step" ? [event.meanAccuracy] : []));
    assert.ok(accuracies.some((v) => v < 1) && accuracies.some((v) => v > 0.5), accuracies.join());
    for (const [steps, runs] of [
      [1, Array<number>(14).fill(1)],
      [3, [3, 3, 1, 3, 3, 1]],
      [7, [7, 7]],
      [100, [7, 7]],
    ] as const) {
      const grouped = await told({ pace: always(steps) });
      assert.deepEqual(grouped, { ...single, runs }, `${steps} a run`);
    }
  });

  it("train() goes on in the middle of an epoch as if it had never stopped", async () => {
    const schedule = ({ step }: { readonly step: number }): number => 1 - step / 14;
    const whole = await told({ pace: always(3), schedule });
    const first = new ToySession();
    const before: TrainEvent[] = [];
    for await (const event of start(first, { pace: always(3), schedule, limit: () => 4 })) before.push(event);
    const from = before.find(({ progress }) => progress.step === 4)?.progress;
    assert.ok(from);
    const second = new ToySession();
    second.weight = first.weight;
    const rest: TrainEvent[] = [];
    for await (const event of start(second, { pace: always(2), schedule, from })) rest.push(event);
    assert.deepEqual(rest, whole.events.slice(4));
    assert.deepEqual(second.runs, [2, 1, 2, 2, 2, 1]);
  });

  it("train() makes no step beyond the limit", async () => {
    const limited = await told({ pace: always(3), limit: () => 5 });
    assert.deepEqual(stepsOf(limited), UP_TO(5));
    assert.deepEqual(limited.runs, [3, 2]);
    assert.deepEqual(
      limited.events.map(({ kind }) => kind),
      [...Array<string>(5).fill("step"), "epoch"],
    );
    const rates = limited.events.flatMap((event) => (event.kind === "step" ? [event.rate] : []));
    assert.deepEqual(rates, [1, 0.8, 0.6, 0.4, 1 - 4 / 5], "the schedule ends there too");
  });

  it("train() ends after the run that is under way where the limit is lowered meanwhile", async () => {
    let limit = Infinity;
    const stopped = await told({ pace: always(3), limit: () => limit }, ({ progress }) => {
      if (progress.step === 4) limit = 0;
    });
    assert.deepEqual(stepsOf(stopped), UP_TO(6));
    assert.deepEqual(stopped.runs, [3, 3]);
    assert.equal(stopped.events.at(-1)?.kind, "epoch");
  });

  it("train() makes no run where the limit is lowered while batches are gathered", async () => {
    let limit = Infinity;
    const lowering = async function* (epoch: number, position: number): AsyncGenerator<TrainBatch> {
      for await (const batch of batches(epoch, position)) {
        if (batch.position === 2 * ROWS) limit = 1;
        yield batch;
      }
    };
    const stopped = await told({ pace: always(3), limit: () => limit, batches: lowering });
    assert.deepEqual(stepsOf(stopped), [1]);
    assert.deepEqual(stopped.runs, [1]);
  });

  it("train() aborts between runs, and tells every step that was made", async () => {
    const controller = new AbortController();
    const aborted = await told({ pace: always(3), signal: controller.signal }, ({ progress }) => {
      if (progress.step === 5) controller.abort();
    });
    assert.deepEqual(stepsOf(aborted), UP_TO(6));
    assert.deepEqual(aborted.runs, [3, 3]);
    assert.ok(aborted.events.every(({ kind }) => kind === "step"));
  });

  it("train() ends a run at every step at which the state is saved", async () => {
    const session = new ToySession();
    let made = 0;
    for await (const event of start(session, { pace: openPace(4), now: () => 0, epochs: 4 })) {
      if (event.kind === "step" && event.step % 4 === 0) {
        made = session.runs.reduce((sum, steps) => sum + steps, 0);
        assert.equal(made, event.step, "the session has made no further step");
      }
    }
    assert.equal(made, 28);
    assert.deepEqual(session.runs.slice(0, 4), [1, 1, 2, 3]);
    assert.ok(session.runs.includes(4), session.runs.join());
  });

  it("train() says how long each run took", async () => {
    const ran: (readonly [number, number])[] = [];
    let ms = 0;
    const pace: Pace = { steps: () => 3, ran: (steps, milliseconds) => ran.push([steps, milliseconds]) };
    await told({ pace, epochs: 1, now: () => (ms += 5) });
    assert.deepEqual(
      ran.map(([steps]) => steps),
      [3, 3, 1],
    );
    assert.ok(ran.every(([, milliseconds]) => milliseconds === 5));
  });

  it("train() names the step in the middle of a run whose loss is not finite, after telling those before", async () => {
    const spoilt = async function* (epoch: number, position: number): AsyncGenerator<TrainBatch> {
      for await (const batch of batches(epoch, position))
        yield batch.position === 4 * ROWS ? { ...batch, inputs: new Map([["x", float32([1], [NaN])]]) } : batch;
    };
    const events: TrainEvent[] = [];
    await assert.rejects(
      async () => {
        for await (const event of start(new ToySession(), { pace: always(7), batches: spoilt })) events.push(event);
      },
      { code: "E_NONFINITE_LOSS", message: /the loss is NaN at step 5 \(rate 0\.7/ },
    );
    assert.deepEqual(
      events.flatMap((event) => (event.kind === "step" ? [event.step] : [])),
      UP_TO(4),
    );
    const last = events.at(-1);
    assert.ok(last?.kind === "nonfinite" && !last.skipped);
    assert.deepEqual([last.step, last.indices], [5, [8, 9]]);
  });
});
