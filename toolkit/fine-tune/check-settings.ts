import { ToolkitError } from "../errors.ts";
import { checkCraft } from "./craft-settings.ts";
import { checkPictures } from "./picture-settings.ts";
import { checkRecipe } from "./recipe.ts";
import type { Settings } from "./settings.ts";

/**
 * Refuses settings that cannot be meant, before anything is read.
 * @throws E_SETTING naming the setting, its value and what was expected
 */
export function checkSettings(s: Settings, isMultiLabel: boolean): void {
  expectOneOf("mode", s.mode, ["frozen", "partial", "full", "staged", "scratch"]);
  expectOneOf("batchNorm", s.batchNorm, ["auto", "batch", "frozen", "keep"]);
  checkCraft(s);
  expectOneOf("cacheType", s.cacheType, ["float32", "float16"]);
  for (const name of ["epochs", "headEpochs", "batchSize", "accumulate", "checkpointEvery", "views"] as const) {
    expectInteger(name, s[name], 1);
  }
  expectInteger("sizePx", s.sizePx, 16);
  expectInteger("resizePx", s.resizePx, s.sizePx);
  expectInteger("seed", s.seed, 0);
  expectInteger("hidden", s.hidden, 0);
  if (s.threads !== undefined) expectInteger("threads", s.threads, 1);
  if (s.maxSteps !== undefined) expectInteger("maxSteps", s.maxSteps, 1);
  for (const name of ["rate", "headRate"] as const) expectNumber(name, s[name], (v) => v >= 0, "a number of 0 or more");
  for (const name of ["momentum", "dropout", "labelSmoothing", "averageDecay"] as const) {
    expectNumber(name, s[name], (v) => v >= 0 && v < 1, "a number from 0 to below 1");
  }
  expectNumber("decay", s.decay, (v) => v >= 0, "a number of 0 or more");
  expectNumber("stemFactor", s.stemFactor, (v) => v > 0 && v <= 1, "a number above 0, up to 1");
  expectNumber("cropScale", s.cropScale, (v) => v > 0 && v <= 1, "a number above 0, up to 1");
  for (const name of ["warmUpEpochs", "clipNorm", "clipValue", "clipAdaptive", "sharpness"] as const) {
    expectNumber(name, s[name], (v) => v >= 0, "a number of 0 or more");
  }
  expectNumber("temperature", s.temperature, (v) => v > 0, "a number above 0");
  expectNumber("teacherShare", s.teacherShare, (v) => v > 0 && v <= 1, "a number above 0, up to 1");
  for (const name of ["cacheMemoryBytes", "cacheDiskBytes"] as const)
    expectNumber(name, s[name], (v) => v >= 0, "a number of 0 or more");
  checkFrozenPart(s);
  checkPictures(s);
  checkRecipe(s, isMultiLabel);
}

/** What is said of a frozen part and its cache must be heard by one. */
function checkFrozenPart({ mode, trainFrom, unfreeze, views, augment }: Settings): void {
  const refuse = (what: string, hint: string): never => {
    throw new ToolkitError("E_SETTING", `Cannot train with ${what}`, { hint });
  };
  if (unfreeze !== undefined) expectInteger("unfreeze", unfreeze, 1);
  if (trainFrom !== undefined && unfreeze !== undefined) {
    refuse(
      `trainFrom "${trainFrom}" and unfreeze ${unfreeze}: both say where training begins, expected one`,
      "leave one out",
    );
  }
  const given = trainFrom === undefined ? "unfreeze" : "trainFrom";
  if ((trainFrom ?? unfreeze) !== undefined && mode !== "partial" && mode !== "staged") {
    refuse(`${given} in mode "${mode}": expected mode "partial" or "staged"`, "use --mode partial");
  }
  if (views > 1 && (mode === "full" || mode === "scratch")) {
    refuse(
      `views ${views} in mode "${mode}": nothing is cached there, every epoch has a view of its own`,
      "leave views out, or use --mode partial or frozen",
    );
  }
  if (views > 1 && !augment) {
    refuse(`views ${views} and no augmentation: all views would be the same`, "leave out --views, or --no-augment");
  }
}

function expectInteger(name: string, value: number, min: number): void {
  expectNumber(name, value, (v) => Number.isInteger(v) && v >= min, `an integer of ${min} or more`);
}

function expectNumber(name: string, value: number, holds: (value: number) => boolean, expected: string): void {
  if (Number.isFinite(value) && holds(value)) return;
  throw new ToolkitError("E_SETTING", `Cannot train with ${name} ${value}: expected ${expected}`);
}

function expectOneOf(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new ToolkitError("E_SETTING", `Cannot train with ${name} "${value}": expected one of ${choices.join(", ")}`);
}
