import { lowerWithForms } from "../lowering/lower.ts";
import type { Lowered } from "../lowering/lower.ts";
import type { Target } from "../lowering/target.ts";
import { deviceText } from "../runtime/device.ts";
import type { Provider } from "../runtime/runtime.ts";
import type { Operators } from "../graph/operator.ts";
import { writeNorms } from "../train/measure-step.ts";
import type { Step } from "../train/step.ts";

/** How a stage's step is written for the machine: kept with a run, so that a resumed one computes the same. */
export interface Formulations {
  /** Channels in a block of the machine's blocked operators; 0 without them. */
  readonly blockSize: number;
  /** Names of the formulations that were taken. */
  readonly forms: readonly string[];
  /** Where the step is computed; the CPU where absent. */
  readonly provider?: Provider;
}

/** A step as the machine runs it, and what must be said about it. */
export interface WrittenStep {
  readonly lowered: Lowered;
  readonly formulations: Formulations;
  readonly notes: readonly string[];
}

/** What a step is written for. */
export interface StepTarget {
  readonly provider: Provider;
  readonly dims: Target["dims"];
  readonly blockSize: number;
  readonly operators: Operators;
}

/**
 * Writes a step for a provider, on the CPU in blocks of `blockSize` channels, in the formulations of the run that is resumed, as far as this machine has them, or of `chosen`.
 */
export function writeStep(
  step: Step,
  { provider, dims, blockSize, operators }: StepTarget,
  before?: Formulations,
  chosen?: Formulations,
): WrittenStep {
  const wanted = before ?? chosen;
  // what was best on one device says nothing of another
  const isAlike = wanted?.blockSize === blockSize && (!before || placeOf(before) === provider);
  const forms = wanted && isAlike ? { forms: new Set(wanted.forms) } : {};
  const lowered = lowerWithForms(
    step.graph,
    {
      provider,
      dims,
      blockSize,
      state: step.state,
      ...(step.measured ? { alike: step.measured } : {}),
      ...forms,
    },
    operators,
  );
  const taken = [...lowered.forms.keys()].toSorted();
  const now: Formulations = { blockSize, forms: taken, ...(provider === "cpu" ? {} : { provider }) };
  return {
    lowered: { ...lowered, graph: writeNorms(lowered.graph, step) },
    formulations: now,
    notes: before ? differences(before, now) : [],
  };
}

function differences(before: Formulations, now: Formulations): readonly string[] {
  const last = "the results differ in the last digits from those of an uninterrupted run";
  const [from, to] = [placeOf(before), placeOf(now)];
  if (from !== to)
    return [`the run was begun on ${deviceText(from)}, this goes on with it on ${deviceText(to)}: ${last}`];
  if (before.blockSize !== now.blockSize)
    return [`the run was begun with ${blocks(before)}, this machine has ${blocks(now)}: ${last}`];
  const missing = before.forms.filter((name) => !now.forms.includes(name));
  const others = now.forms.filter((name) => !before.forms.includes(name));
  if (missing.length + others.length === 0) return [];
  const changes = [listed("without", missing), listed("with", others)].filter((text) => text !== "");
  return [`the step cannot be written as before, but ${changes.join(" and ")}: ${last}`];
}

/** Where a step that is written so is computed. */
export function placeOf({ provider = "cpu" }: Formulations): Provider {
  return provider;
}

function listed(word: string, names: readonly string[]): string {
  return names.length === 0 ? "" : `${word} ${names.join(", ")}`;
}

function blocks({ blockSize }: Formulations): string {
  return blockSize === 0 ? "plain operators" : `blocks of ${blockSize} channels`;
}
