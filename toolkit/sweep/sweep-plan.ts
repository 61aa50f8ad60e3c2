import { ToolkitError } from "../errors.ts";
import { settle } from "../fine-tune/settings.ts";
import type { FineTuneSettings, SettledFor } from "../fine-tune/settings.ts";
import { gridPoints } from "./grid-points.ts";
import { halvingRungs } from "./halving-rungs.ts";
import type { Rung } from "./halving-rungs.ts";
import { randomPoints } from "./random-points.ts";
import { axesOf } from "./space.ts";
import type { Axis, Point, Space } from "./space.ts";

/** grid: every combination. random: drawn ones. halving: drawn ones for few epochs, the best of them for more, and so on. */
export type SweepMethod = "grid" | "random" | "halving";

/** What is to be tried. */
export interface SweepChoices {
  readonly space: Space;
  /** What all trials share. */
  readonly settings?: FineTuneSettings;
  /** random. */
  readonly method?: SweepMethod;
  /** Points that are drawn; 20. Of a grid: the most it may have; any number. */
  readonly trials?: number;
  /** Each point is tried with so many seeds, from that of `settings` on; 1. */
  readonly seeds?: number;
  /** Of the drawing; 0. */
  readonly drawSeed?: number;
  /** Values of each range in a grid; 5. */
  readonly steps?: number;
  /** Of successive halving: one of so many goes on; 3. */
  readonly factor?: number;
  /** Of successive halving: epochs of the shortest trials; 1. */
  readonly leastEpochs?: number;
  /** What is to be learnt; one label a photo where absent. */
  readonly about?: SettledFor;
}

export interface SweepPlan {
  readonly method: SweepMethod;
  readonly axes: readonly Axis[];
  readonly shared: FineTuneSettings;
  readonly points: readonly Point[];
  /** One, but for successive halving. Without epochs they are those of the settings. */
  readonly rungs: readonly { readonly trials: number; readonly epochs?: number }[];
  readonly seeds: number;
  /** Trials in all, at the most: fewer where all of a rung fail. */
  readonly trials: number;
  /** The settings of a point's trials in a rung, one for each seed. */
  readonly runs: (point: Point, epochs: number | undefined) => readonly FineTuneSettings[];
}

/** Side of the pictures in pixels, where nothing says it: only for reading the default epochs. */
const SOME_PX = 224;

/** @throws E_SETTING */
export function sweepPlan(choices: SweepChoices): SweepPlan {
  const { space, settings: shared = {}, method = "random", seeds = 1, drawSeed = 0 } = choices;
  const axes = axesOf(space, shared, choices.about);
  expectCount("trials", choices.trials ?? 1);
  expectCount("seeds", seeds);
  expectCount("steps", choices.steps ?? 1);
  const points =
    method === "grid" ? grid(axes, choices) : randomPoints(axes, choices.trials ?? DEFAULT_TRIALS, drawSeed);
  const rungs = method === "halving" ? halving(axes, points.length, choices) : [{ trials: points.length }];
  const first = shared.seed ?? 0;
  return {
    method,
    axes,
    shared,
    points,
    rungs,
    seeds,
    trials: rungs.reduce((sum, rung) => sum + rung.trials * seeds, 0),
    runs: (point, epochs) =>
      Array.from({ length: seeds }, (_, i) => ({
        ...shared,
        ...point,
        ...(epochs === undefined ? {} : { epochs }),
        seed: first + i,
      })),
  };
}

const DEFAULT_TRIALS = 20;
const DEFAULT_STEPS = 5;

function grid(axes: readonly Axis[], { trials = Infinity, steps = DEFAULT_STEPS }: SweepChoices): readonly Point[] {
  const points = gridPoints(axes, steps);
  if (points.length <= trials) return points;
  throw new ToolkitError("E_SETTING", `Cannot sweep a grid of ${points.length} points in ${trials} trials`, {
    hint: "allow more trials, give fewer values or steps, or draw trials at random",
  });
}

function halving(axes: readonly Axis[], trials: number, choices: SweepChoices): readonly Rung[] {
  if (axes.some(({ name }) => name === "epochs")) {
    throw new ToolkitError("E_SETTING", "Cannot sweep epochs by halving: it is what halving itself decides", {
      hint: "draw trials at random, or leave epochs out of the space",
    });
  }
  const { settings = {}, factor, leastEpochs, about } = choices;
  const { epochs } = settle(settings, SOME_PX, about);
  return halvingRungs({
    trials,
    epochs,
    ...(factor === undefined ? {} : { factor }),
    ...(leastEpochs === undefined ? {} : { leastEpochs }),
  });
}

function expectCount(name: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new ToolkitError("E_SETTING", `Cannot sweep with ${name} ${value}: expected an integer of 1 or more`);
}
