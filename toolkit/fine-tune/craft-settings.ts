import type { ClassWeights, Sampler } from "../data/sampling.ts";
import { ToolkitError } from "../errors.ts";
import { stopMetrics } from "../train/early-stopping.ts";
import type { StopMetric } from "../train/early-stopping.ts";
import type { Precision } from "../train/step.ts";
import { unknownName } from "../unknown-name.ts";
import type { StageName } from "./events.ts";
import type { HeadSetting } from "./head-settings.ts";
import type { Mode } from "./settings.ts";

/** Which weights are exported: those of the best epoch, of the last, or the mean of several of the best where that is better. */
export type Keep = "best" | "last" | "soup";

/** What a user may choose of how photos are weighed, and of how a stage ends. */
export interface CraftSettings {
  /** Peak learning rate of the stage that trains every layer; 1e-3 per 16 photos of a batch. In `frozen` mode, of the head; 1e-3. "auto": found by a range test before the stage. */
  readonly rate?: number | "auto";
  /** The same for the head in `staged`; 1e-3. */
  readonly headRate?: number | "auto";
  /** End a stage after so many epochs without an improvement; absent: never. */
  readonly patience?: number;
  /** What has to improve, on the validation photos; the loss. */
  readonly stopMetric?: StopMetric;
  /** Only what is better by more than this is an improvement; 0. */
  readonly leastImprovement?: number;
  /** Which weights are exported; best. */
  readonly keep?: Keep;
  /** With `keep` "soup": how many of the best epochs may go into it; 5. */
  readonly soupSize?: number;
  /** What a photo counts in the loss by its class, beside its own weight; all alike where absent. */
  readonly classWeights?: ClassWeights;
  /** How photos are drawn in an epoch; shuffle. */
  readonly sampler?: Sampler;
  /** Train, evaluate and export within this time, as well as it can be done; epochs that are not given become as many as fit. */
  readonly timeLimitSeconds?: number;
  /** Where a loss or a gradient is not finite: stop, or leave the update out and halve the rate; stop. */
  readonly onNonFinite?: "stop" | "skip";
  /** mixed: the stage that trains every layer, or the last ones, computes products in float16, where the device is quick at it; float32. */
  readonly precision?: Precision;
}

/** The same with defaults decided. What nobody asked for is absent. */
export interface Craft {
  readonly keep: Keep;
  /** Rates that a range test finds, instead of the setting's own number. */
  readonly rateIsAuto?: true;
  readonly headRateIsAuto?: true;
  readonly patience?: number;
  readonly stopMetric?: StopMetric;
  readonly leastImprovement?: number;
  readonly soupSize?: number;
  readonly classWeights?: ClassWeights;
  readonly sampler?: Sampler;
  readonly timeLimitSeconds?: number;
  readonly onNonFinite?: "skip";
  readonly precision?: "mixed";
}

/** Decides the defaults. */
export function settleCraft(chosen: CraftSettings): Craft {
  const { rate, headRate, patience, classWeights, sampler, timeLimitSeconds, onNonFinite, keep = "best" } = chosen;
  const { stopMetric, leastImprovement, soupSize, precision } = chosen;
  // what is said of something that was not asked for stays, to be refused
  const watched = { stopMetric: stopMetric ?? "loss", leastImprovement: leastImprovement ?? 0 } as const;
  return {
    keep,
    ...(rate === "auto" ? { rateIsAuto: true } : {}),
    ...(headRate === "auto" ? { headRateIsAuto: true } : {}),
    ...(patience === undefined ? present({ stopMetric, leastImprovement }) : { patience, ...watched }),
    ...(keep === "soup" ? { soupSize: soupSize ?? 5 } : present({ soupSize })),
    ...present({ classWeights, timeLimitSeconds }),
    ...(sampler === "shuffle" ? {} : present({ sampler })),
    ...(onNonFinite === undefined || onNonFinite === "stop" ? {} : { onNonFinite }),
    ...(precision === undefined || precision === "float32" ? {} : { precision }),
  };
}

function present<T extends object>(record: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

/** Epochs where none are given: with a time limit as many as one may want, of which those are made that fit. */
export function defaultEpochs(mode: Mode, { timeLimitSeconds }: CraftSettings): number {
  if (timeLimitSeconds === undefined) return mode === "frozen" || mode === "scratch" ? 30 : 5;
  return mode === "frozen" ? 100 : mode === "scratch" ? 200 : 20;
}

/** The number that a rate begins as: where it is to be found, the default's. */
export function givenRate(rate: number | "auto" | undefined): number | undefined {
  return rate === "auto" ? undefined : rate;
}

/** Whether the rate of a stage is to be found by a range test. */
export function findsRate(stage: StageName, { mode, rateIsAuto, headRateIsAuto }: Craft & { mode: Mode }): boolean {
  return (stage === "head" && mode !== "frozen" ? headRateIsAuto : rateIsAuto) ?? false;
}

/**
 * Refuses what cannot be meant.
 * @throws E_SETTING naming the setting, its value and what was expected
 */
export function checkCraft(s: Craft): void {
  expectOneOf("keep", s.keep, ["best", "last", "soup"]);
  expectNumber("patience", s.patience, (v) => Number.isInteger(v) && v >= 1, "an integer of 1 or more");
  expectNumber("leastImprovement", s.leastImprovement, (v) => v >= 0, "a number of 0 or more");
  expectNumber("soupSize", s.soupSize, (v) => Number.isInteger(v) && v >= 2, "an integer of 2 or more");
  expectNumber("timeLimitSeconds", s.timeLimitSeconds, (v) => v > 0, "a number above 0");
  expectOneOf("sampler", s.sampler, ["shuffle", "balanced", "weighted"]);
  expectOneOf("onNonFinite", s.onNonFinite, ["stop", "skip"]);
  expectOneOf("precision", s.precision, ["float32", "mixed"]);
  if (s.stopMetric !== undefined && !stopMetrics.includes(s.stopMetric))
    throw unknownName(s.stopMetric, stopMetrics, `Cannot train with stopMetric "${s.stopMetric}": expected one of`);
  for (const name of ["stopMetric", "leastImprovement"] as const) {
    if (s.patience === undefined && s[name] !== undefined)
      refuse(`${name} ${s[name]} and no patience`, "say with patience after how many epochs to stop");
  }
  if (s.soupSize !== undefined && s.keep !== "soup")
    refuse(`soupSize ${s.soupSize} and keep "${s.keep}": expected keep "soup"`, "use --keep soup");
  checkWeights(s);
}

function checkWeights({ classWeights, sampler }: Craft): void {
  if (classWeights === undefined) return;
  if (classWeights === "balanced" && sampler === "balanced") {
    refuse('classWeights "balanced" and sampler "balanced": rare classes would count twice', "leave one out");
  }
  const isFit = Array.isArray(classWeights)
    ? classWeights.every((w: unknown) => typeof w === "number" && w >= 0 && w < Infinity) &&
      classWeights.some((w: unknown) => Number(w) > 0)
    : classWeights === "balanced";
  if (isFit) return;
  refuse(
    `classWeights ${JSON.stringify(classWeights)}: expected "balanced", or a number of 0 or more for each class`,
    "the numbers stand in the order of the classes, which are sorted by name",
  );
}

/**
 * Refuses what the photos cannot give.
 * @throws E_SETTING
 */
export function checkAgainstPhotos(settings: Checked, photos: Photos): void {
  const { classWeights, patience, stopMetric, heads, sampler } = settings;
  const { classes, train = [], validation, isMultiLabel = false } = photos;
  const isWeighted = classWeights !== undefined || train.some(({ weight }) => weight !== undefined);
  if (sampler === "weighted" && train.length > 0 && !isWeighted)
    refuse('sampler "weighted": no photo has a weight', 'a table has a column "weight"; or say --class-weights');
  const tasks = heads?.map(({ task }) => task) ?? [isMultiLabel ? "labels" : "classes"];
  const main = tasks.find((task) => task !== "numbers");
  if (Array.isArray(classWeights) && classWeights.length !== classes.length) {
    refuse(
      `${classWeights.length} class weights: expected ${classes.length}, one for each class`,
      `the classes are ${classes.slice(0, 5).join(", ")}${classes.length > 5 ? ", ..." : ""}`,
    );
  }
  if (patience !== undefined && validation.length === 0)
    refuse(`patience ${patience}: there are no validation photos to wait for`, "hold some out, or leave patience out");
  if (stopMetric === "meanAveragePrecision" && main === "classes")
    refuse('stopMetric "meanAveragePrecision": the photos have one label each', "watch the loss, or top1");
  const isOfNumbers = stopMetric === "rmse" || stopMetric === "mae" || stopMetric === "r2";
  if (isOfNumbers && !tasks.includes("numbers"))
    refuse(`stopMetric "${stopMetric}": no numbers are learnt`, "watch the loss, or top1");
  if (stopMetric !== undefined && stopMetric !== "loss" && !isOfNumbers && main === undefined)
    refuse(`stopMetric "${stopMetric}": there are no labels`, "watch the loss, rmse, mae or r2");
}

type Checked = Craft & { readonly heads?: readonly Pick<HeadSetting, "task">[] };

/** What a setting can be checked against. */
interface Photos {
  readonly classes: readonly string[];
  readonly train?: readonly { readonly weight?: number }[];
  readonly validation: readonly unknown[];
  readonly isMultiLabel?: boolean;
}

function expectNumber(
  name: string,
  value: number | undefined,
  holds: (value: number) => boolean,
  expected: string,
): void {
  if (value === undefined || (Number.isFinite(value) && holds(value))) return;
  throw new ToolkitError("E_SETTING", `Cannot train with ${name} ${value}: expected ${expected}`);
}

function expectOneOf(name: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new ToolkitError("E_SETTING", `Cannot train with ${name} "${value}": expected one of ${choices.join(", ")}`);
}

function refuse(what: string, hint: string): never {
  throw new ToolkitError("E_SETTING", `Cannot train with ${what}`, { hint });
}
