import type { Parity } from "../export/parity.ts";
import type { FirstFilters } from "../report/first-filters.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { RateTest } from "../train/rate-finder.ts";
import type { EpochEvent, NonFiniteEvent, StepEvent } from "../train/train.ts";
import type { ModelCheck } from "./diagnosis.ts";
import type { Formulations } from "./formulations.ts";
import type { BadFile } from "../data/sample.ts";

/** What a fine-tuning run tells while it goes on, in the order it happens. */
export type FineTuneEvent =
  /** A line for the log: what was decided and why. */
  | { readonly kind: "note"; readonly text: string }
  /** What was found that says early, or at the end, whether training can go well. */
  | ModelCheck
  | {
      readonly kind: "stage";
      readonly stage: StageName;
      readonly index: number;
      readonly count: number;
      readonly epochs: number;
      readonly steps: number;
    }
  /** How the stage's step is written for the machine. */
  | ({ readonly kind: "formulations"; readonly stage: StageName } & Formulations)
  /** The frozen part at work: views of photos done of all, and how many of these were known from earlier runs. */
  | { readonly kind: "features"; readonly done: number; readonly total: number; readonly known: number }
  | (StepEvent & { readonly stage: StageName })
  | (EpochEvent & { readonly stage: StageName; readonly best: boolean })
  /** A step that was not finite, and the photos of its batch. */
  | (NonFiniteEvent & { readonly stage: StageName; readonly files: readonly string[] })
  /** A range test at work, and its end: the rate that the stage is trained with. */
  | {
      readonly kind: "rate-test";
      readonly stage: StageName;
      readonly done: number;
      readonly total: number;
      readonly rate: number;
      readonly loss: number;
    }
  | { readonly kind: "rate"; readonly stage: StageName; readonly rate: number; readonly test: RateTest }
  | { readonly kind: "bad"; readonly file: BadFile }
  /** The run is about to fail, and this is the best there was before. */
  | { readonly kind: "rescued"; readonly result: FineTuneResult }
  | { readonly kind: "checkpoint"; readonly path: string; readonly stage: StageName };

export type StageName = "head" | "network";

/** Why a stage ended early: nothing had improved for long enough, or its time was up. */
export type EndReason = "patience" | "time";

/** How a stage ended. */
export interface StageResult {
  readonly stage: StageName;
  /** Of the last epoch, whichever weights are exported. */
  readonly final: Evaluation;
  readonly best: Evaluation;
  readonly bestEpoch: number;
  /** Why it ended before its epochs were over. */
  readonly ended?: EndReason;
}

export interface FineTuneResult {
  /** "stopped": a signal ended the run, a checkpoint holds it, and nothing was exported. */
  readonly status: "done" | "stopped";
  readonly classes: readonly string[];
  readonly stages: readonly StageResult[];
  /** Of the weights that are exported. */
  readonly evaluation: Evaluation | undefined;
  /** The bytes of model.onnx. */
  readonly model: Uint8Array | undefined;
  readonly parity: Parity | undefined;
  /** What the first layer looks for, where it is a convolution of pictures. */
  readonly filters?: FirstFilters | undefined;
  readonly bad: readonly BadFile[];
}
