import type { Loss } from "../losses/loss.ts";
import { byHead } from "../losses/by-head.ts";
import { distillation } from "../losses/distillation.ts";
import { knownOnly } from "../losses/known-only.ts";
import { namedLoss } from "../losses/named-loss.ts";
import { namedOptimizer } from "../optimizers/named-optimizer.ts";
import type { Transform } from "../optimizers/transform.ts";
import { ToolkitError } from "../errors.ts";
import { namedSchedule } from "../schedules/named-schedule.ts";
import type { NamedScheduleOptions } from "../schedules/named-schedule.ts";
import { perUpdate } from "../schedules/per-update.ts";
import type { Schedule } from "../schedules/schedule.ts";
import type { Precision } from "../train/step.ts";
import type { StageName } from "./events.ts";
import type { ScheduleChoice, Settings } from "./settings.ts";
import { fitsTask, lossesOf } from "./task-losses.ts";
import type { HeadLossChoice } from "./task-losses.ts";

/** How a stage is trained: what `buildStep` is given, and the schedule. */
export interface Recipe {
  readonly loss: Loss;
  readonly optimizer: Transform;
  readonly accumulate: number;
  readonly averageDecay?: number;
  readonly sharpness?: number;
  readonly precision?: Precision;
  readonly schedule: Schedule;
}

/**
 * The recipe of a stage. What the settings say of gradients and schedule is meant for the stage that the mode is about: the head in `frozen`, else the
 * stage that trains every layer; the head of `staged` is trained plainly.
 */
export function recipeOf(stage: StageName, settings: Settings, stepsPerEpoch: number): Recipe {
  const { momentum, decay, accumulate, averageDecay, sharpness, precision } = settings;
  const { name, ...own } = stage === "head" ? settings.headOptimizer : settings.optimizer;
  const takesMomentum = name === "sgd" || name === "nesterov";
  const common = { ...(takesMomentum ? { momentum } : {}), decay };
  if (stage === "head" && settings.mode !== "frozen") {
    return {
      loss: labelLoss(settings),
      optimizer: namedOptimizer(name, { ...common, ...own }),
      accumulate: 1,
      schedule: namedSchedule("cosine", { rate: settings.headRate }),
    };
  }
  const rate = stage === "head" ? settings.headRate : settings.rate;
  return {
    loss: labelLoss(settings),
    optimizer: namedOptimizer(name, { ...common, ...clipping(settings), ...own }),
    accumulate,
    ...(averageDecay === 0 ? {} : { averageDecay }),
    ...(sharpness === 0 ? {} : { sharpness }),
    ...(precision === undefined || stage === "head" ? {} : { precision }),
    schedule: perUpdate(scheduleOf(rate, settings, stepsPerEpoch / accumulate), accumulate),
  };
}

/** The loss with a teacher's logits in it, named as `mergeTeacher` names them. */
export function teachersLoss(settings: Settings): Loss {
  const { temperature, teacherShare } = settings;
  return distillation({ temperature, alpha: teacherShare, hard: labelLoss(settings) });
}

function labelLoss({ loss, heads, labelSmoothing }: Settings): Loss {
  if (!heads) return lossOf(loss, labelSmoothing);
  return byHead(
    heads.map(({ task, loss: own, outputs, weight }) => {
      const plain = lossOf(own, own.name === "cross-entropy" ? labelSmoothing : 0);
      return { loss: task === "numbers" ? knownOnly(plain) : plain, width: outputs, weight };
    }),
  );
}

function lossOf({ name, ...own }: HeadLossChoice, labelSmoothing: number): Loss {
  return namedLoss(name, { ...own, ...(labelSmoothing === 0 ? {} : { labelSmoothing }) });
}

function clipping({ clipNorm, clipValue, clipAdaptive }: Settings): Record<string, number> {
  return Object.fromEntries(Object.entries({ clipNorm, clipValue, clipAdaptive }).filter(([, value]) => value > 0));
}

function scheduleOf(rate: number, { schedule, warmUpEpochs }: Settings, updatesPerEpoch: number): Schedule {
  const { name, ...own } = inUpdates(schedule, updatesPerEpoch);
  const warmUpSteps = Math.round(warmUpEpochs * updatesPerEpoch);
  return namedSchedule(name, { rate, ...own, ...(warmUpSteps > 0 ? { warmUpSteps, warmUpFrom: 0.01 } : {}) });
}

/** A schedule told in epochs, as `namedSchedule` takes it. */
function inUpdates(schedule: ScheduleChoice, updatesPerEpoch: number): ScheduleChoice {
  const updates = (epochs: number): number => Math.max(1, Math.round(epochs * updatesPerEpoch));
  const { milestones, factor } = schedule;
  const lengths = (["every", "over", "first", "up", "down"] as const).flatMap((name) => {
    const epochs = (schedule as Partial<NamedScheduleOptions>)[name];
    return typeof epochs === "number" && epochs > 0 ? [[name, updates(epochs)] as const] : [];
  });
  return {
    ...schedule,
    ...Object.fromEntries(lengths),
    ...(milestones === undefined ? {} : { milestones: [milestones].flat().map(updates) }),
    ...(schedule.name === "exponential" && factor !== undefined ? { factor: factor ** (1 / updatesPerEpoch) } : {}),
  };
}

/** What `namedSchedule` takes and settings of a run say. */
const RESERVED = new Set(["rate", "warmUpSteps", "warmUpFrom"]);

/**
 * Refuses what names and options cannot mean, before anything is read.
 * @throws E_SETTING
 */
export function checkRecipe(settings: Settings, isMultiLabel: boolean): void {
  const { loss, heads, labelSmoothing } = settings;
  // those of heads were checked with their tasks
  const task = isMultiLabel ? "labels" : "classes";
  if (!heads && !fitsTask(loss.name, task)) {
    const what = isMultiLabel ? "photos of several labels" : "a classifier";
    const expected = `expected one of ${lossesOf(task).join(", ")}`;
    throw new ToolkitError("E_SETTING", `Cannot train ${what} with loss "${loss.name}": ${expected}`);
  }
  if (heads && labelSmoothing > 0 && heads.every((head) => head.loss.name !== "cross-entropy")) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot train with labelSmoothing ${labelSmoothing}: no head is trained with cross-entropy`,
    );
  }
  const own = Object.keys(settings.schedule).find((option) => RESERVED.has(option));
  if (own !== undefined) {
    throw new ToolkitError(
      "E_SETTING",
      `Cannot use schedule "${settings.schedule.name}" with ${own}: it is a setting of its own`,
      {
        hint: "rate and warmUpEpochs: --rate, --warm-up",
      },
    );
  }
  checkPrecision(settings);
  recipeOf(settings.mode === "frozen" ? "head" : "network", settings, 1);
}

/** Mixed precision must be heard by a stage, and fit what is around it. */
function checkPrecision({ precision, mode, sharpness }: Settings): void {
  if (precision !== "mixed") return;
  const why =
    mode === "frozen"
      ? 'in mode "frozen": the head alone is trained, in float32'
      : `and sharpness ${sharpness}: the step uphill would be as long as the scaled gradient`;
  if (mode === "frozen" || sharpness > 0)
    throw new ToolkitError("E_SETTING", `Cannot train with precision "mixed" ${why}`, { hint: "leave one out" });
}

/** What the rate is multiplied by per parameter: `stemFactor` at depth 0, rising evenly on a log scale to 1 at the head. */
export function rateFactors(depths: ReadonlyMap<string, number>, stemFactor: number): ReadonlyMap<string, number> {
  return new Map([...depths].map(([name, depth]) => [name, stemFactor ** (1 - depth)]));
}
