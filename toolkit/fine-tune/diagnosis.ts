import type { Dataset } from "../data/dataset.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Placements } from "../runtime/placements.ts";
import type { Platform } from "./platform.ts";

/** What `diagnose`, and a run at its beginning and end, look at, in this order. */
export type CheckName =
  | "file"
  | "head"
  | "operators"
  | "BatchNorm"
  | "inputs"
  | "device"
  | "gradients"
  | "gradient norms"
  | "loss at start"
  | "one batch"
  | "first step"
  | "baseline";

/** How a check came out: `failed` where training would fail, `warning` where it may disappoint. */
export interface ModelCheck {
  readonly kind: "check";
  readonly name: CheckName;
  readonly status: "ok" | "warning" | "failed";
  /** What was found, in one line. */
  readonly detail: string;
  /** The way out, where there is something to do. */
  readonly hint?: string;
  /** The figures behind it. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** How far a check is that takes a while. */
export interface CheckProgress {
  readonly kind: "progress";
  readonly name: CheckName;
  readonly done: number;
  readonly total: number;
  readonly loss?: number;
}

export type Diagnosis = ModelCheck | CheckProgress;

export interface DiagnoseOptions {
  readonly source: SourceModel;
  readonly platform: Pick<Platform, "runtime" | "decoder">;
  /** Photos to try it on; made-up pictures where absent. */
  readonly dataset?: Dataset;
  /** Classes of the new head, where no dataset says it; 10. */
  readonly classes?: number;
  /** Node that is the head, where it is not found by itself. */
  readonly head?: string;
  /** Value that holds the features, where it is not found by itself. */
  readonly features?: string;
  /** Side of the pictures in pixels; 64 where the model takes it, else the smallest it takes. */
  readonly sizePx?: number;
  readonly seed?: number;
  readonly threads?: number;
  readonly signal?: AbortSignal;
  /** Where the device puts the nodes of a model; that is not looked at where absent. */
  readonly placements?: (model: Uint8Array) => Promise<Placements>;
}

/** A check that came out. */
export function checked(
  name: CheckName,
  status: ModelCheck["status"],
  detail: string,
  { hint, ...facts }: { readonly hint?: string | undefined; readonly [fact: string]: unknown } = {},
): ModelCheck {
  return { kind: "check", name, status, detail, ...(hint === undefined ? {} : { hint }), facts };
}
