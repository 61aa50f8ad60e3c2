import type { NamedOptimizer, NamedOptimizerOptions } from "../optimizers/named-optimizer.ts";
import type { NamedSchedule, NamedScheduleOptions } from "../schedules/named-schedule.ts";
import type { Learnable } from "../data/heads.ts";
import type { Sample } from "../data/sample.ts";
import { checkSettings } from "./check-settings.ts";
import { defaultEpochs, givenRate, settleCraft } from "./craft-settings.ts";
import type { Craft, CraftSettings } from "./craft-settings.ts";
import { settleHeads } from "./head-settings.ts";
import type { HeadChoice, HeadSetting } from "./head-settings.ts";
import { settlePictures } from "./picture-settings.ts";
import type { Pictures, PictureSettings } from "./picture-settings.ts";
import { weighPositives } from "./positive-weight.ts";
import type { PositiveWeight } from "./positive-weight.ts";
import type { HeadLossChoice, HeadLossName } from "./task-losses.ts";

export type Mode = "frozen" | "partial" | "full" | "staged" | "scratch";
/** How activations of the frozen part are kept: whole, or in half the space with 11 bits of precision. */
export type CacheType = "float32" | "float16";
export type BatchNormPolicy = "auto" | "batch" | "frozen" | "keep";

/** One of several by its name, with options of its own where it has any. */
export type Choice<Name extends string, Options> = { readonly name: Name } & Options;
export type LossChoice = HeadLossChoice;
export type OptimizerChoice = Choice<NamedOptimizer, NamedOptimizerOptions>;
/** What counts steps in `namedSchedule` counts epochs here: `every`, `over`, `first`, `up`, `down`, `milestones`, and the factor of "exponential". */
export type ScheduleChoice = Choice<NamedSchedule, Omit<NamedScheduleOptions, "rate" | "warmUpSteps" | "warmUpFrom">>;

/** What a user may choose. Sizes in pixels, rates per step. */
export interface FineTuneSettings extends CraftSettings, PictureSettings {
  /**
   * frozen: the head alone, on cached features. partial: the last stages and the head, on cached activations of the frozen ones. full: every layer.
   * staged: frozen, then every layer (or those behind `trainFrom`, or the stages of `unfreeze`) with lower rates towards the stem. scratch: from random weights.
   */
  readonly mode?: Mode;
  /** In `partial` and `staged`: a value to cut at, or the first layer that is trained, such as "layer4". */
  readonly trainFrom?: string;
  /** In `partial` and `staged`: train so many of the last stages; in `partial` 1. */
  readonly unfreeze?: number;
  /** How many augmented views of each photo go through the frozen part, one for each epoch in turn; 1, the photo as it will be served. */
  readonly views?: number;
  /** How activations of training photos are kept; float32. Those of validation photos and features always are. */
  readonly cacheType?: CacheType;
  /** Most memory for cached activations, in bytes; 1 GB. What takes more is read from disk at each step. */
  readonly cacheMemoryBytes?: number;
  /** Most disk space for cached activations of all runs, in bytes; 8 GB. */
  readonly cacheDiskBytes?: number;
  /** Epochs of the stage that trains every layer; 5, in `scratch` 30. In `frozen` mode, epochs of the head; 30. */
  readonly epochs?: number;
  /** Epochs of the head in `staged`, on cached features; 30. */
  readonly headEpochs?: number;
  /** Photos per step; 16. */
  readonly batchSize?: number;
  /** For every layer: sgd; for the head alone: adamw. */
  readonly optimizer?: NamedOptimizer | OptimizerChoice;
  /** Of sgd and nesterov; 0.9. */
  readonly momentum?: number;
  /** cross-entropy; bce where photos may have several labels, mse where numbers are learnt. Of several heads, that of those it can be of. */
  readonly loss?: HeadLossName | LossChoice;
  /** With bce, for each class: what a label that holds counts beside one that does not; "auto": photos without it over photos with it, 20 at most; 1. */
  readonly posWeight?: PositiveWeight;
  /** The heads on the one backbone; one for each column of labels and one for all numbers that the data have. */
  readonly heads?: readonly HeadChoice[];
  /** How the rate goes; cosine. The head of `staged` always follows a cosine. */
  readonly schedule?: NamedSchedule | ScheduleChoice;
  /** Scale all gradients so that their common norm is at most this. */
  readonly clipNorm?: number;
  /** Hold every element of the gradients within plus and minus this. */
  readonly clipValue?: number;
  /** Hold the gradient of each unit to this share of the unit's own norm. */
  readonly clipAdaptive?: number;
  /** Update the weights at every so many batches, to the mean gradient of their photos; 1. */
  readonly accumulate?: number;
  /** Evaluate and export a moving average of the weights, which keeps this share of itself at each update; 0 for none. */
  readonly averageDecay?: number;
  /** Radius of sharpness-aware minimisation, 0.05 as a rule, at the price of a second pass; 0 for none. */
  readonly sharpness?: number;
  /** With a teacher: how much its probabilities are evened out; 4. */
  readonly temperature?: number;
  /** With a teacher: its share of the loss, the rest being the labels'; 0.7. */
  readonly teacherShare?: number;
  /** Weight decay; norms and biases are left out. */
  readonly decay?: number;
  readonly labelSmoothing?: number;
  /** auto: batch statistics from batch size 16 on, else frozen; keep: leave a folded network folded. */
  readonly batchNorm?: BatchNormPolicy;
  /** What the rate is multiplied by at the stem; 0.1 in `staged`, 1 elsewhere. */
  readonly stemFactor?: number;
  /** Share of an epoch over which the rate rises to its peak; 0, in `scratch` 1. */
  readonly warmUpEpochs?: number;
  readonly seed?: number;
  /** Side of the square that the network sees; the model's own, else 224. */
  readonly sizePx?: number;
  /** Shorter side of a photo before the middle is cut out of it; sizePx * 256 / 224. */
  readonly resizePx?: number;
  /** Width of a hidden layer in the new head; 0 for none. */
  readonly hidden?: number;
  /** Share of the features that the new head drops while it is trained; 0. */
  readonly dropout?: number;
  /** Node that is the head, where it is not found by itself. */
  readonly head?: string;
  /** Value that holds the features, where it is not found by itself. */
  readonly features?: string;
  /** Threads of ONNX Runtime; all cores where absent. One gives bit-equal runs. */
  readonly threads?: number;
  /** Time several ways to write the step on this machine before all layers, or the last ones, are trained, and take the quickest; off. */
  readonly autotune?: boolean;
  /** Steps between two checkpoints within an epoch. */
  readonly checkpointEvery?: number;
  /** Stop the stage that trains every layer after this many steps. */
  readonly maxSteps?: number;
}

/** The settings with every default decided. */
export interface Settings extends Craft, Pictures {
  readonly mode: Mode;
  readonly views: number;
  readonly cacheType: CacheType;
  readonly cacheMemoryBytes: number;
  readonly cacheDiskBytes: number;
  readonly epochs: number;
  readonly headEpochs: number;
  readonly batchSize: number;
  readonly rate: number;
  readonly headRate: number;
  readonly optimizer: OptimizerChoice;
  readonly headOptimizer: OptimizerChoice;
  readonly momentum: number;
  /** That of labels where there are heads of both kinds. */
  readonly loss: LossChoice;
  /** Where it is not one column of labels that is learnt. */
  readonly heads?: readonly HeadSetting[];
  readonly schedule: ScheduleChoice;
  readonly clipNorm: number;
  readonly clipValue: number;
  readonly clipAdaptive: number;
  readonly accumulate: number;
  readonly averageDecay: number;
  readonly sharpness: number;
  readonly temperature: number;
  readonly teacherShare: number;
  readonly decay: number;
  readonly labelSmoothing: number;
  readonly batchNorm: BatchNormPolicy;
  readonly stemFactor: number;
  readonly warmUpEpochs: number;
  readonly seed: number;
  readonly sizePx: number;
  readonly resizePx: number;
  readonly hidden: number;
  readonly dropout: number;
  readonly autotune: boolean;
  readonly checkpointEvery: number;
  readonly head?: string;
  readonly features?: string;
  readonly threads?: number;
  readonly maxSteps?: number;
  readonly trainFrom?: string;
  readonly unfreeze?: number;
}

/** Whether the stage behind the head's trains a part of the network, on cached activations of the rest. */
export function isPartial({ mode, trainFrom, unfreeze }: Pick<Settings, "mode" | "trainFrom" | "unfreeze">): boolean {
  return mode === "partial" || (mode === "staged" && (trainFrom !== undefined || unfreeze !== undefined));
}

/** What settings depend on of the data; where it is not known, photos have one label each. */
export type SettledFor = Partial<Learnable> & { readonly train?: readonly Sample[] };

/**
 * Decides every default once. `fallbackSizePx` is the card's, the file's, or 224.
 * @throws E_SETTING naming the setting, its value and what was expected
 */
export function settle(chosen: FineTuneSettings, fallbackSizePx: number, data: SettledFor = {}): Settings {
  const {
    mode = "staged",
    batchSize = 16,
    sizePx = fallbackSizePx,
    optimizer,
    threads,
    maxSteps,
    head,
    features,
    trainFrom,
    unfreeze = mode === "partial" && trainFrom === undefined ? 1 : undefined,
  } = chosen;
  const frozen = mode === "frozen";
  const scratch = mode === "scratch";
  const epochs = chosen.epochs ?? defaultEpochs(mode, chosen);
  const rate = givenRate(chosen.rate);
  // a batch is never more than all photos, whatever is asked for
  const perBatch = Math.min(batchSize, Math.max(16, data.train?.length ?? Infinity)) / 16;
  const settings: Settings = {
    mode,
    ...cacheSettings(chosen),
    epochs,
    headEpochs: frozen ? epochs : (chosen.headEpochs ?? 30),
    batchSize,
    rate: rate ?? (frozen ? 1e-3 : scratch ? 5e-3 * perBatch : 1e-3 * perBatch),
    headRate: frozen ? (rate ?? 1e-3) : (givenRate(chosen.headRate) ?? 1e-3),
    optimizer: choice<OptimizerChoice>(optimizer ?? "sgd"),
    headOptimizer: choice<OptimizerChoice>(frozen ? (optimizer ?? "adamw") : "adamw"),
    momentum: chosen.momentum ?? 0.9,
    ...lossSettings(chosen, data),
    schedule: choice<ScheduleChoice>(chosen.schedule ?? "cosine"),
    ...gradientSettings(chosen),
    decay: chosen.decay ?? (scratch ? 5e-4 : 0),
    labelSmoothing: chosen.labelSmoothing ?? 0,
    batchNorm: chosen.batchNorm ?? "auto",
    stemFactor: chosen.stemFactor ?? (mode === "staged" ? 0.1 : 1),
    warmUpEpochs: chosen.warmUpEpochs ?? (scratch ? 1 : 0),
    seed: chosen.seed ?? 0,
    sizePx,
    resizePx: chosen.resizePx ?? Math.round((sizePx * 256) / 224),
    ...settlePictures(chosen),
    hidden: chosen.hidden ?? 0,
    dropout: chosen.dropout ?? 0,
    ...settleCraft(chosen),
    autotune: chosen.autotune ?? false,
    checkpointEvery: chosen.checkpointEvery ?? 200,
    ...(threads === undefined ? {} : { threads }),
    ...(maxSteps === undefined ? {} : { maxSteps }),
    ...(head === undefined ? {} : { head }),
    ...(features === undefined ? {} : { features }),
    ...(trainFrom === undefined ? {} : { trainFrom }),
    ...(unfreeze === undefined ? {} : { unfreeze }),
  };
  checkSettings(settings, data.isMultiLabel ?? false);
  return settings;
}

function lossSettings(
  { loss, heads: chosen, posWeight }: FineTuneSettings,
  { classes = [], isMultiLabel = false, ...others }: SettledFor,
): Pick<Settings, "loss" | "heads"> {
  const data = { classes, isMultiLabel, ...others };
  const heads = settleHeads({ ...(chosen ? { heads: chosen } : {}), ...(loss === undefined ? {} : { loss }) }, data);
  const main = heads?.find(({ task }) => task !== "numbers") ?? heads?.[0];
  const own = main?.loss ?? choice<LossChoice>(loss ?? (isMultiLabel ? "bce" : "cross-entropy"));
  return weighPositives({ loss: own, ...(heads ? { heads } : {}) }, posWeight, data);
}

function cacheSettings(
  chosen: FineTuneSettings,
): Pick<Settings, "views" | "cacheType" | "cacheMemoryBytes" | "cacheDiskBytes"> {
  return {
    views: chosen.views ?? 1,
    cacheType: chosen.cacheType ?? "float32",
    cacheMemoryBytes: chosen.cacheMemoryBytes ?? 1e9,
    cacheDiskBytes: chosen.cacheDiskBytes ?? 8e9,
  };
}

type GradientSettings = Pick<
  Settings,
  | "clipNorm"
  | "clipValue"
  | "clipAdaptive"
  | "accumulate"
  | "averageDecay"
  | "sharpness"
  | "temperature"
  | "teacherShare"
>;

/** What is done with gradients and weights beside the optimizer. */
function gradientSettings(chosen: FineTuneSettings): GradientSettings {
  return {
    clipNorm: chosen.clipNorm ?? 0,
    clipValue: chosen.clipValue ?? 0,
    clipAdaptive: chosen.clipAdaptive ?? 0,
    accumulate: chosen.accumulate ?? 1,
    averageDecay: chosen.averageDecay ?? 0,
    sharpness: chosen.sharpness ?? 0,
    temperature: chosen.temperature ?? 4,
    teacherShare: chosen.teacherShare ?? 0.7,
  };
}

function choice<T extends { readonly name: string }>(chosen: T["name"] | T): T {
  return typeof chosen === "string" ? ({ name: chosen } as T) : chosen;
}

/** The settings as they stand in reports and checkpoints: a choice is its name, or its name and options, as in "step:every=2,factor=0.5". */
export function plainSettings(settings: Settings): Readonly<Record<string, string | number | boolean>> {
  const { rateIsAuto, headRateIsAuto, ...others } = settings;
  const found = { ...(rateIsAuto ? { rate: "auto" } : {}), ...(headRateIsAuto ? { headRate: "auto" } : {}) };
  return Object.fromEntries(
    Object.entries({ ...others, ...found }).map(([key, value]) => [
      key,
      typeof value === "object" ? objectText(value) : value,
    ]),
  );
}

function objectText(value: object): string {
  if ("name" in value) return choiceText(value as { readonly name: string });
  const isPlain = Array.isArray(value) && value.every((item) => typeof item !== "object");
  return isPlain ? value.join(",") : JSON.stringify(value);
}

function choiceText({ name, ...options }: { readonly name: string }): string {
  const listed = Object.entries(options).map(([key, value]) => `${key}=${[value].flat().join("+")}`);
  return listed.length === 0 ? name : `${name}:${listed.join(",")}`;
}
