import assert from "node:assert/strict";
import { cosine } from "../../toolkit/schedules/cosine.ts";
import { namedSchedule, scheduleNames, scheduleOptions } from "../../toolkit/schedules/named-schedule.ts";
import type { NamedSchedule, NamedScheduleOptions } from "../../toolkit/schedules/named-schedule.ts";
import { oneCycle } from "../../toolkit/schedules/one-cycle.ts";
import type { Schedule } from "../../toolkit/schedules/schedule.ts";
import { warmUp } from "../../toolkit/schedules/warm-up.ts";

const STEPS = 48;

/** All rates of a run whose metric stands still. */
function run(schedule: Schedule): readonly number[] {
  return Array.from({ length: STEPS }, (_, step) => {
    const metrics = Array.from({ length: step }, (_metric, i) => Math.min(1, i / 16 + 0.2));
    return schedule({ step, steps: STEPS, metrics });
  });
}

/** For each option a value that shows. */
function valueOf(name: NamedSchedule, option: string): unknown {
  const values: Readonly<Record<string, unknown>> = {
    factor: 0.5,
    over: 20,
    every: 5,
    milestones: [7],
    from: 0.3,
    to: 0.4,
    power: 2,
    floor: 0.02,
    first: 5,
    growth: 3,
    riseShare: 0.5,
    startDivisor: 3,
    endDivisor: 3,
    threePhase: true,
    up: 3,
    down: 4,
    mode: "min",
    patience: 1,
    threshold: 0.5,
    thresholdMode: "abs",
    cooldown: 3,
    epsilon: 0.2,
    warmUpSteps: 6,
    warmUpFrom: 0.5,
    shape: name === "cyclic" ? "triangular2" : "linear",
  };
  return values[option];
}

/** What else must be set for an option to show. */
function besides(name: NamedSchedule, option: string): Partial<NamedScheduleOptions> {
  if (option === "warmUpFrom") return { warmUpSteps: 6 };
  if (option === "thresholdMode") return { threshold: 0.1, patience: 0 };
  if (name === "plateau" && option !== "patience") return { patience: 2 };
  return name === "constant" ? { factor: 0.7, over: 10 } : {};
}

describe("schedules/named-schedule", () => {
  it("namedSchedule() is the schedule itself, behind a warm-up where that is asked for", () => {
    assert.deepEqual(run(namedSchedule("cosine", { rate: 0.1, floor: 0.01 })), run(cosine(0.1, { floor: 0.01 })));
    assert.deepEqual(
      run(namedSchedule("one-cycle", { rate: 0.1, shape: "linear", warmUpSteps: 5 })),
      run(warmUp(oneCycle(0.1, { shape: "linear" }), { steps: 5 })),
    );
  });
  it("namedSchedule() gives other rates for each name", () => {
    // a line and a power of 1 are the same
    const named = scheduleNames.map((name) =>
      run(namedSchedule(name, name === "polynomial" ? { rate: 1, power: 2 } : { rate: 1 })),
    );
    assert.equal(new Set(named.map((all) => all.join())).size, scheduleNames.length);
  });
  for (const name of scheduleNames) {
    it(`namedSchedule() heeds every option that ${name} takes`, () => {
      for (const option of scheduleOptions(name)) {
        const before = { rate: 0.1, ...besides(name, option) };
        const changed = namedSchedule(name, { ...before, [option]: valueOf(name, option) });
        assert.notDeepEqual(run(changed), run(namedSchedule(name, before)), option);
      }
    });
  }
  it("namedSchedule() refuses another name, listing all and saying the nearest", () => {
    assert.throws(() => namedSchedule("cosin", { rate: 1 }), {
      code: "E_SETTING",
      message: /one-cycle/,
      hint: /"cosine/,
    });
    assert.throws(() => namedSchedule("constructor", { rate: 1 }), { code: "E_SETTING" });
  });
  it("namedSchedule() refuses an option that the schedule does not take", () => {
    assert.throws(() => namedSchedule("cosine", { rate: 1, factor: 0.5 }), {
      code: "E_SETTING",
      message: /"factor" with cosine/,
    });
    const misspelt = { rate: 1, flor: 1 } as NamedScheduleOptions;
    assert.throws(() => namedSchedule("cosine", misspelt), { code: "E_SETTING", hint: /"floor"/ });
  });
  it("namedSchedule() refuses values out of range", () => {
    const wrong: readonly (readonly [string, object])[] = [
      ["cosine", { rate: -1 }],
      ["cosine", { rate: Number.NaN }],
      ["cosine", { rate: 1, over: 0 }],
      ["step", { rate: 1, every: 0 }],
      ["multi-step", { rate: 1, milestones: [3, "4"] }],
      ["cosine-restarts", { rate: 1, growth: 0.5 }],
      ["one-cycle", { rate: 1, shape: "triangular" }],
      ["one-cycle", { rate: 1, riseShare: 1.5 }],
      ["one-cycle", { rate: 1, endDivisor: 0 }],
      ["one-cycle", { rate: 1, threePhase: "yes" }],
      ["cyclic", { rate: 1, shape: "cosine" }],
      ["plateau", { rate: 1, mode: "best" }],
      ["constant", { rate: 1, warmUpSteps: -1 }],
    ];
    for (const [name, options] of wrong) {
      const message = JSON.stringify(options);
      assert.throws(() => namedSchedule(name, options as NamedScheduleOptions), { code: "E_SETTING" }, message);
    }
  });
});
