import { errorCode } from "../errors.ts";
import type { Schedule } from "../schedules/schedule.ts";
import { perUpdate } from "../schedules/per-update.ts";
import { train } from "./train.ts";
import type { TrainOptions } from "./train.ts";

/** One step of a range test: the loss of its batch, before it was made. */
export interface RateStep {
  readonly rate: number;
  readonly loss: number;
}

/** The same with the loss smoothed by those around it. */
export interface RatePoint extends RateStep {
  readonly smoothed: number;
}

/** What a range test has found. */
export interface RateTest {
  readonly points: readonly RatePoint[];
  /** Where the smoothed loss falls fastest; undefined where it never falls. */
  readonly steepest: number | undefined;
  /** Where the smoothed loss is lowest; undefined where it never falls. */
  readonly lowest: number | undefined;
  /** A tenth of `lowest`. */
  readonly suggestion: number | undefined;
}

export interface RateTestOptions extends Pick<
  TrainOptions,
  "session" | "logits" | "classes" | "batches" | "stepsPerEpoch" | "extras" | "signal"
> {
  /** Names of everything the session holds. */
  readonly state: readonly string[];
  /** The rates go from this to that, evenly on a log scale; 1e-6 and 10. */
  readonly from?: number;
  readonly to?: number;
  /** Updates of the weights; 100. */
  readonly updates?: number;
  /** Steps for an update; 1. */
  readonly accumulate?: number;
}

/** Share of what there was in the moving average that says when to end. */
const KEPT = 0.98;
/** The test ends where that average is so many times its lowest. */
const TOO_HIGH = 4;
/** One step in a run: the rate of a next step is not known to be needed. */
const SINGLE = { steps: () => 1, ran: () => {} };

/**
 * Range test (Smith 2017, section 3.3): trains with a rate that grows at each update until the loss explodes, tells every step, and puts back to the bit
 * whatever the session held, however it ends.
 */
export async function* findRate(options: RateTestOptions): AsyncGenerator<RateStep, RateTest> {
  const { state, from = 1e-6, to = 10, updates = 100, accumulate = 1, ...training } = options;
  const { session, stepsPerEpoch } = training;
  const grows: Schedule = ({ step }) => from * (to / from) ** (step / Math.max(1, updates - 1));
  const total = updates * accumulate;
  const before = await session.get(state);
  const steps: RateStep[] = [];
  try {
    const events = train({
      ...training,
      pace: SINGLE,
      epochs: Math.ceil(total / stepsPerEpoch),
      limit: () => total,
      schedule: perUpdate(grows, accumulate),
    });
    let [average, lowest] = [0, Infinity];
    for await (const event of events) {
      if (event.kind !== "step") continue;
      const step = { rate: event.rate, loss: event.loss };
      steps.push(step);
      yield step;
      average = KEPT * average + (1 - KEPT) * event.loss;
      const unbiased = average / (1 - KEPT ** steps.length);
      lowest = Math.min(lowest, unbiased);
      if (unbiased > TOO_HIGH * lowest) break;
    }
  } catch (error) {
    // no number any more: the test has seen enough
    if (errorCode(error) !== "E_NONFINITE_LOSS") throw error;
  } finally {
    await session.set(before);
  }
  return judgeRates(steps, total);
}

/** Steps over which losses are averaged, as a share of all: its standard deviation. */
const WIDTH = 0.04;
/** Share of the steps at the beginning that are the loss before anything was learnt. */
const BEGINNING = 0.1;
/** A loss counts as no more than so many times that: where it explodes, one step would outweigh all others. */
const HIGHEST = 2;
/** The loss has fallen where it is lower than at the beginning by more than this share. */
const FALLEN = 0.05;
/** Of rates at which the loss is as low as this share of its fall, the lowest one counts: a loss that is near 0 stays there for a while. */
const NEAR = 0.05;

/**
 * What follows from a test of so many steps, of which the last ones may be missing: where the loss is lowest, and where it falls fastest on a log scale of
 * rates, as fastai's `lr_find` has them. The losses are smoothed by those on both sides (a normal distribution), so that the curve does not lag behind.
 */
export function judgeRates(steps: readonly RateStep[], total: number): RateTest {
  const first = steps.slice(0, Math.max(1, Math.floor(BEGINNING * total)));
  const start = first.reduce((sum, { loss }) => sum + loss, 0) / first.length;
  const smoothed = smooth(
    steps.map(({ loss }) => Math.min(loss, HIGHEST * start)),
    Math.max(0.5, WIDTH * total),
  );
  const points = steps.map((step, i): RatePoint => ({ ...step, smoothed: smoothed[i] ?? step.loss }));
  const least = Math.min(...smoothed);
  if (!(least < (1 - FALLEN) * start)) return { points, steepest: undefined, lowest: undefined, suggestion: undefined };
  const at = smoothed.findIndex((loss) => loss <= least + NEAR * (start - least));
  const slope = (i: number): number => {
    const [a, b] = [points[i], points[i + 1]];
    return a && b && b.rate > a.rate ? (b.smoothed - a.smoothed) / Math.log(b.rate / a.rate) : 0;
  };
  let steep = first.length;
  for (let i = first.length; i < at; i++) if (slope(i) < slope(steep)) steep = i;
  const lowest = points[at]?.rate ?? 0;
  return { points, steepest: points[Math.min(steep, at)]?.rate, lowest, suggestion: lowest / 10 };
}

/** Means of values, weighed by how near they are: exp(-d^2 / 2 width^2) at a distance of d places. */
function smooth(values: readonly number[], width: number): readonly number[] {
  return values.map((_, i) => {
    let [sum, weights] = [0, 0];
    for (const [j, value] of values.entries()) {
      const weight = Math.exp(-(((i - j) / width) ** 2) / 2);
      sum += weight * value;
      weights += weight;
    }
    return sum / weights;
  });
}
