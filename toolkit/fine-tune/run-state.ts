import { ToolkitError } from "../errors.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { Progress } from "../train/train.ts";
import type { StageName } from "./events.ts";
import type { Best } from "./stage.ts";

/** What must be the same for a run to be resumed: names and values in plain form. */
export type Fingerprint = Readonly<Record<string, string>>;

/** Where a run stands, as a checkpoint holds it. */
export interface Saved {
  readonly stage: StageName;
  readonly progress: Progress;
  readonly limit: number | null;
  readonly fingerprint: Fingerprint;
}

/** A checkpoint of the running stage. */
export function savedCheckpoint(saved: Saved, state: Tensors): Checkpoint {
  return { header: { ...saved }, tensors: state };
}

/**
 * What a checkpoint says, after checking that it belongs to this run.
 * @throws E_RESUME naming what differs
 */
export function readSaved({ header }: Checkpoint, fingerprint: Fingerprint): Saved {
  const saved = header as unknown as Saved;
  const differing = Object.keys(fingerprint).filter((name) => saved.fingerprint[name] !== fingerprint[name]);
  if (differing.length > 0) {
    const list = differing.map((name) => `${name} was ${saved.fingerprint[name] ?? "absent"}, is ${fingerprint[name]}`).join("; ");
    throw new ToolkitError("E_RESUME", `Cannot resume the run: ${list}`, {
      hint: "resume with the settings, model and photos it was started with, or start a new run folder",
    });
  }
  return saved;
}

const EVALUATION = "evaluation/";

/** The best weights so far, with how they scored. */
export function bestCheckpoint(best: Best, stage: StageName): Checkpoint {
  const { probabilities, labels, indices, ...numbers } = best.evaluation;
  const arrays: readonly (readonly [string, TensorData])[] = [
    [`${EVALUATION}probabilities`, { dtype: "float32", shape: [probabilities.length], data: probabilities }],
    [`${EVALUATION}labels`, { dtype: "int32", shape: [labels.length], data: labels }],
    [`${EVALUATION}indices`, { dtype: "int32", shape: [indices.length], data: indices }],
  ];
  return { header: { stage, epoch: best.epoch, evaluation: numbers }, tensors: new Map([...best.weights, ...arrays]) };
}

/** The best weights that an interrupted stage had found. */
export function readBest({ header, tensors }: Checkpoint): Best & { readonly stage: StageName } {
  const array = (name: string): TensorData["data"] | undefined => tensors.get(EVALUATION + name)?.data;
  const evaluation = {
    ...(header["evaluation"] as Omit<Evaluation, "probabilities" | "labels" | "indices">),
    probabilities: array("probabilities") as Float32Array,
    labels: array("labels") as Int32Array,
    indices: array("indices") as Int32Array,
  };
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith(EVALUATION)));
  return { stage: header["stage"] as StageName, epoch: header["epoch"] as number, evaluation, weights };
}
