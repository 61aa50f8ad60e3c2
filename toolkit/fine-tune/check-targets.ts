import { ToolkitError } from "../errors.ts";
import type { FineTuneOptions } from "./fine-tune.ts";
import type { Settings } from "./settings.ts";

/**
 * Refuses what cannot be trained towards what the photos have.
 * @throws E_DATA_CLASSES where they have nothing to be learnt; E_SETTING for settings that are about classes where there are none, or about one head
 */
export function checkTargets(settings: Settings, { dataset, teacher }: FineTuneOptions): void {
  const { heads, classWeights, sampler, mix } = settings;
  if (!heads) {
    if (dataset.classes.length > 0) return;
    throw new ToolkitError("E_DATA_CLASSES", "Cannot train: expected photos with labels or numbers, found none");
  }
  if (teacher)
    refuse("a teacher", "it answers for one head of classes", "leave --teacher out, or train on labels alone");
  if (mix?.cutmixAlpha && heads.some(({ task }) => task === "numbers")) {
    const why = "a number is not divided as the area of two photos is";
    refuse("cutmix and numbers", why, "use mixup, which learns numbers between those of two photos");
  }
  if (heads.some(({ task }) => task !== "numbers")) return;
  const hint = "leave it out; weights of photos stand in a column of their own";
  if (classWeights !== undefined) refuse("classWeights and numbers alone", "there are no classes", hint);
  if (sampler === "balanced") refuse('sampler "balanced" and numbers alone', "there are no classes", hint);
}

function refuse(what: string, why: string, hint: string): never {
  throw new ToolkitError("E_SETTING", `Cannot train with ${what}: ${why}`, { hint });
}
