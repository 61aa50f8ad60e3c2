import { constant } from "../../toolkit/schedules/constant.ts";
import { cosine } from "../../toolkit/schedules/cosine.ts";
import { cosineRestarts } from "../../toolkit/schedules/cosine-restarts.ts";
import { cyclic } from "../../toolkit/schedules/cyclic.ts";
import { exponential } from "../../toolkit/schedules/exponential.ts";
import { linear } from "../../toolkit/schedules/linear.ts";
import { multiStep } from "../../toolkit/schedules/multi-step.ts";
import { oneCycle } from "../../toolkit/schedules/one-cycle.ts";
import { plateau } from "../../toolkit/schedules/plateau.ts";
import { polynomial } from "../../toolkit/schedules/polynomial.ts";
import type { Schedule } from "../../toolkit/schedules/schedule.ts";
import { stepDecay } from "../../toolkit/schedules/step-decay.ts";
import { warmUp } from "../../toolkit/schedules/warm-up.ts";
import { readJson } from "../support/fixtures.ts";
import type { GoldenCase } from "./golden-case.ts";

/** Relative: both sides compute in float64. */
const TOLERANCE = 1e-9;

/** PyTorch's names and values. */
type Settings = Readonly<Record<string, unknown>>;

interface Stored {
  readonly cases: Readonly<
    Record<
      string,
      { readonly settings: Settings; readonly metrics?: readonly number[]; readonly rates: readonly number[] }
    >
  >;
}

/** A comparison for each case of a schedules.json: the rate at every step. */
export function scheduleCases(file: string): readonly GoldenCase[] {
  const { cases } = readJson<Stored>(file);
  return Object.entries(cases).map(([name, { settings, metrics = [], rates }]) => ({
    name,
    // async, so that a setting that cannot be read is a rejection too
    async run() {
      const schedule = scheduleOf(settings);
      const steps = rates.length;
      const wrong = rates.flatMap((expected, step) => {
        // the metric of a step is known from the next one on
        const rate = schedule({ step, steps, metrics: metrics.slice(0, step) });
        return Math.abs(rate - expected) <= TOLERANCE * Math.abs(expected) ? [] : [{ step, rate, expected }];
      });
      const [first] = wrong;
      if (first) {
        throw new Error(
          `${wrong.length} rates differ, the first at step ${first.step}: ${first.rate}, expected ${first.expected}`,
        );
      }
    },
  }));
}

/** Which schedule it is shows in the settings that only it has, so that a case may have any name. */
function scheduleOf(s: Settings): Schedule {
  const of = (name: string): number => number(s, name);
  const rate = of("lr");
  if ("warmup" in s) {
    // its values are those of a run that ends with the cosine
    return warmUp(cosine(rate, { floor: of("eta_min") }), { steps: of("warmup"), from: of("start_factor") });
  }
  if ("patience" in s) return plateauOf(rate, s);
  if ("step_size" in s) return stepDecay(rate, { every: of("step_size"), factor: of("gamma") });
  if ("milestones" in s) {
    return multiStep(rate, { milestones: s["milestones"] as readonly number[], factor: of("gamma") });
  }
  if ("T_0" in s) return cosineRestarts(rate, { first: of("T_0"), growth: of("T_mult"), floor: of("eta_min") });
  if ("T_max" in s) return cosine(rate, { floor: of("eta_min"), over: of("T_max") });
  if ("pct_start" in s) {
    return oneCycle(of("max_lr"), {
      over: of("total_steps"),
      riseShare: of("pct_start"),
      startDivisor: of("div_factor"),
      endDivisor: of("final_div_factor"),
      shape: s["anneal_strategy"] === "linear" ? "linear" : "cosine",
      threePhase: s["three_phase"] === true,
    });
  }
  if ("base_lr" in s) {
    const shape = s["mode"] === "triangular2" ? "triangular2" : "triangular";
    return cyclic(of("max_lr"), { floor: of("base_lr"), up: of("step_size_up"), down: of("step_size_down"), shape });
  }
  if ("start_factor" in s) {
    return linear(rate, { from: of("start_factor"), to: of("end_factor"), over: of("total_iters") });
  }
  if ("power" in s) return polynomial(rate, { power: of("power"), over: of("total_iters") });
  if ("total_iters" in s) return constant(rate, { factor: of("factor"), over: of("total_iters") });
  return exponential(rate, { factor: of("gamma") });
}

function plateauOf(rate: number, s: Settings): Schedule {
  return plateau(rate, {
    mode: s["mode"] === "max" ? "max" : "min",
    factor: number(s, "factor"),
    patience: number(s, "patience"),
    threshold: number(s, "threshold"),
    thresholdMode: s["threshold_mode"] === "abs" ? "abs" : "rel",
    cooldown: number(s, "cooldown"),
    floor: number(s, "min_lr"),
    epsilon: number(s, "eps"),
  });
}

function number(settings: Settings, name: string): number {
  const value = settings[name];
  if (typeof value !== "number") throw new Error(`Cannot read the case: its setting "${name}" is ${String(value)}`);
  return value;
}
