import assert from "node:assert/strict";
import { watch } from "../../recipes/demo/watch.ts";
import type { FineTuneEvent, FineTuneRun } from "../../toolkit/node.ts";

const never: Promise<never> = new Promise(() => {});
const progress = { epoch: 0, position: 0, step: 0, lossSum: 0, correct: 0, samples: 0, metrics: [] };

/** A run of every layer whose steps take the given seconds of a clock of its own, 100 steps unless limited. */
function fakeRun(secondsOf: (step: number) => number): {
  run: FineTuneRun;
  elapsed: () => number;
  limits: number[];
  taken: () => number;
} {
  let now = 10;
  let limit = 100;
  let step = 0;
  const limits: number[] = [];
  async function* events(): AsyncGenerator<FineTuneEvent, undefined> {
    yield { kind: "stage", stage: "network", index: 1, count: 2, epochs: 1, steps: 100 };
    while (step < limit) {
      now += secondsOf(step);
      step++;
      yield {
        kind: "step",
        stage: "network",
        epoch: 0,
        step,
        steps: limit,
        loss: 1,
        rate: 0,
        count: 30,
        meanLoss: 1,
        meanAccuracy: 0,
        progress,
      };
    }
  }
  const run: FineTuneRun = {
    [Symbol.asyncIterator]: events,
    result: never,
    stop: () => {},
    limitSteps(steps) {
      limit = steps;
      limits.push(steps);
    },
  };
  return { run, elapsed: () => now, limits, taken: () => step };
}

async function watched(
  secondsOf: (step: number) => number,
  budgetSeconds: number,
): Promise<{ steps: number; seconds: number; lines: string[]; limits: number[] }> {
  const fake = fakeRun(secondsOf);
  const lines: string[] = [];
  // looking at 90 photos of 30 a step costs as much as one step
  await watch(fake.run, {
    say: (line) => lines.push(line),
    elapsed: fake.elapsed,
    budgetSeconds,
    classes: ["a", "b"],
    photosAfter: 90,
  });
  return { steps: fake.taken(), seconds: fake.elapsed(), lines, limits: fake.limits };
}

describe("recipes/demo/watch", () => {
  it("watch() lets as many steps happen as the time allows, less what comes after them", async () => {
    // 10 s are over; steps of 1 s; 6 s for the files and 1 s for looking at photos come after
    const { steps, lines } = await watched(() => 1, 77);
    assert.equal(steps, 60);
    assert.ok(
      lines.some((line) => line.includes("a step of 30 photos takes 1.00 s here: 60 of 100 steps fit into the time")),
    );
  });

  it("watch() does not count the first two steps, which are slower", async () => {
    const { steps } = await watched((step) => (step < 2 ? 5 : 1), 85);
    assert.equal(steps, 60);
  });

  it("watch() never has more steps than were planned", async () => {
    assert.equal((await watched(() => 0.01, 120)).steps, 100);
  });

  it("watch() takes fewer steps when the machine turns slower, and keeps to the time", async () => {
    const { steps, seconds, lines } = await watched((step) => (step < 10 ? 1 : 2), 147);
    assert.ok(steps < 72, `${steps} steps`);
    assert.ok(seconds < 147, `${seconds} s`);
    assert.ok(lines.some((line) => line.includes("has become slower")));
  });

  it("watch() takes more steps again when the machine was slower for a while", async () => {
    const { steps, seconds } = await watched((step) => (step >= 10 && step < 20 ? 3 : 1), 97);
    assert.ok(steps >= 55 && steps <= 60, `${steps} steps: 80 seconds are there, 20 of them lost`);
    assert.ok(seconds < 97, `${seconds} s`);
  });

  it("watch() leaves fifty steps on a machine that is too slow", async () => {
    assert.equal((await watched(() => 30, 120)).steps, 50);
  });
});
