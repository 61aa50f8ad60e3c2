import type { DataFindings } from "./data-section.ts";
import type { Metrics } from "./metrics.ts";

/** One epoch of training, rates 0..1; a value is null where it was not measured. */
export interface EpochRecord {
  readonly epoch: number;
  readonly trainLoss: number | null;
  readonly trainAccuracy: number | null;
  /** On the validation photos. */
  readonly loss: number | null;
  readonly accuracy: number | null;
  /** The learning rate of the epoch's last step. */
  readonly rate: number;
  readonly imagesPerSecond: number;
  readonly seconds: number;
  /** Which share of the time for the steps was spent waiting for photos, 0..1. */
  readonly waitShare?: number | null;
  /** Where numbers are learnt, on the validation photos, in the mean of the columns. */
  readonly rmse?: number;
  readonly mae?: number;
  readonly r2?: number | null;
}

/** A part of the run under one mode: "staged" has two. */
export interface StageRecord {
  readonly mode: string;
  readonly epochs: readonly EpochRecord[];
}

/** One training step, counted over the whole run. */
export interface StepRecord {
  readonly step: number;
  readonly loss: number;
  readonly rate: number;
}

/** Norms at one step, over all parameters that were trained; steps are counted over the whole run. */
export interface NormRecord {
  readonly step: number;
  readonly mode: string;
  /** Of the gradient of the loss, as it was before an optimizer made anything of it. */
  readonly gradient: number;
  readonly weight: number;
  /** Norm of what the step added to the weights, over theirs; null where these are all zero. */
  readonly updateShare: number | null;
}

/** The same of one parameter in one stage: at the first and the last step that was measured, and the median share. */
export interface LayerRecord {
  readonly mode: string;
  readonly parameter: string;
  readonly gradient: readonly [first: number, last: number];
  readonly weight: readonly [first: number, last: number];
  readonly updateShare: number | null;
}

/** Something that was looked at, whether it is well, and what was found. */
export interface CheckRecord {
  readonly name: string;
  /** The stage at whose beginning it was looked at. */
  readonly stage?: string;
  readonly status: "ok" | "warning" | "failed";
  readonly detail: string;
  readonly hint?: string;
  /** The figures behind it. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** One class of a network whose photos may have several; a ratio is null where its divisor is 0. */
export interface LabelRecord {
  readonly averagePrecision: number | null;
  /** The probability from which on it counts as found; the ratios are those at it. */
  readonly threshold: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
  /** Photos that have it. */
  readonly support: number;
}

/** Measured on photos that may have several labels. */
export interface SeveralRecord {
  readonly count: number;
  readonly loss: number;
  readonly meanAveragePrecision: number;
  readonly microF1: number;
  readonly macroF1: number;
  readonly perClass: readonly LabelRecord[];
}

/** How one column of numbers is predicted, in its own units. */
export interface NumberRecord {
  readonly name: string;
  /** Photos whose number is known. */
  readonly count: number;
  readonly mae: number;
  readonly rmse: number;
  /** Null where the numbers are all the same. */
  readonly r2: number | null;
  /** Some photos' true and predicted number. */
  readonly points: readonly (readonly [truth: number, predicted: number])[];
}

/** Measured on photos with numbers. */
export interface NumbersRecord {
  readonly count: number;
  /** Means over the columns. */
  readonly mae: number;
  readonly rmse: number;
  readonly r2: number | null;
  readonly columns: readonly NumberRecord[];
}

/** What one of several heads is judged by. */
export interface HeadRecord {
  readonly name: string;
  readonly task: string;
  readonly loss: number;
  /** Its accuracy, mean average precision or R2, in words. */
  readonly score: string;
}

/** A file that could not be used. */
export interface BadFile {
  readonly file: string;
  readonly code: string;
  readonly message: string;
}

/** What the parity check after the export found. */
export interface ParityRecord {
  /** The largest difference of a probability between the training graph and the exported file. */
  readonly maxDifference: number;
  /** Images whose best class differs. */
  readonly flips: number;
  readonly images: number;
  readonly provider: string;
}

export type Setting = string | number | boolean | null;

/** One training run as plain data: what report.json holds and report.html shows. */
export interface RunReport {
  readonly title: string;
  /** The base model: a card's or a file's name. */
  readonly model: string;
  /** Class names, in the order of the head's outputs. */
  readonly classes: readonly string[];
  readonly trainImages: number;
  readonly validationImages: number;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly stages: readonly StageRecord[];
  readonly steps: readonly StepRecord[];
  /** Norms at some of the steps, and by parameter. */
  readonly norms?: readonly NormRecord[] | undefined;
  readonly layers?: readonly LayerRecord[] | undefined;
  readonly checks?: readonly CheckRecord[] | undefined;
  /** Measured on the validation photos with the kept weights; null where they may have several labels. */
  readonly metrics: Metrics | null;
  /** The same where photos may have several labels. */
  readonly several?: SeveralRecord | null;
  /** Where numbers are learnt. */
  readonly numbers?: NumbersRecord | null;
  /** Where there are several heads: each; the other measures are of the first that has labels. */
  readonly heads?: readonly HeadRecord[];
  /** What is known of the photos: counts by class, copies. */
  readonly data?: DataFindings | undefined;
  readonly badFiles: readonly BadFile[];
  readonly versions: Readonly<Record<string, string>>;
  readonly parity: ParityRecord | null;
  /** When the run ended, ISO 8601; the caller has the clock. */
  readonly finishedAt?: string;
}
