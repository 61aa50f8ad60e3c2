import type { Pixels } from "../images/decoder.ts";
import { unknownName } from "../unknown-name.ts";
import type { Draw } from "./augment.ts";
import type { AugmentStep, Roll, StepName, StepOptions } from "./augment-step.ts";
import { stepKinds } from "./augment-steps.ts";
import type { StepKind } from "./augment-steps.ts";

/** Every step that there is. */
export const stepNames: readonly StepName[] = Object.keys(stepKinds) as StepName[];

/** Draws that crops and flips may take; each step has as many of its own behind them. */
const DRAWS = 0x10000;

/**
 * Does the steps one after another, each as often as its probability says. Step k reads draws of its own, so that another step behind it
 * changes nothing of what it does.
 * @throws E_SETTING for a step that there is none of
 */
export function applySteps(pixels: Pixels, steps: readonly AugmentStep[], draw: Draw): Pixels {
  let picture = pixels;
  for (const [k, { name, probability, ...options }] of steps.entries()) {
    const found = stepKind(name);
    const roll = successive(draw, (k + 1) * DRAWS);
    if (roll() >= (probability ?? found.probability)) continue;
    picture = found.apply(picture, { ...found.defaults, ...options } as Required<StepOptions>, roll);
  }
  return picture;
}

/** What a step takes beside its name, and what is taken where nothing is said. */
export function stepDefaults(name: StepName): StepOptions & { readonly probability: number } {
  const { probability, defaults } = stepKind(name);
  return { probability, ...defaults };
}

function stepKind(name: string): StepKind {
  const found = stepNames.find((known) => known === name);
  if (found) return stepKinds[found];
  throw unknownName(name, stepNames, `Cannot augment with step "${name}": expected one of`);
}

function successive(draw: Draw, first: number): Roll {
  let purpose = first;
  return () => draw(purpose++);
}
