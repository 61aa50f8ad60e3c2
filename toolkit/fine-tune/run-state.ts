import { ToolkitError } from "../errors.ts";
import { float32 } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { SeveralLabels } from "../train/evaluate-labels.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { Progress } from "../train/train.ts";
import type { StageName } from "./events.ts";
import type { Formulations } from "./formulations.ts";
import type { Best } from "./stage.ts";

/** What must be the same for a run to be resumed: names and values in plain form. */
export type Fingerprint = Readonly<Record<string, string>>;

/** Where a run stands, as a checkpoint holds it. */
export interface Saved {
  readonly stage: StageName;
  readonly progress: Progress;
  readonly limit: number | null;
  readonly fingerprint: Fingerprint;
  /** The rate that a range test found. */
  readonly rate?: number;
  /** The metric that has to improve, after each epoch of the stage. */
  readonly watched?: readonly number[];
  /** What of its time the run had spent, where that is limited. */
  readonly spentMs?: number;
  /** Absent in checkpoints of versions that had no choice. */
  readonly formulations?: Formulations;
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
  // a setting that is left out now is another one too
  const names = new Set([...Object.keys(fingerprint), ...Object.keys(saved.fingerprint)]);
  const differing = [...names].filter((name) => saved.fingerprint[name] !== fingerprint[name]);
  if (differing.length > 0) {
    const list = differing
      .map((name) => `${name} was ${saved.fingerprint[name] ?? "absent"}, is ${fingerprint[name] ?? "absent"}`)
      .join("; ");
    throw new ToolkitError("E_RESUME", `Cannot resume the run: ${list}`, {
      hint: "resume with the settings, model and photos it was started with, or start a new run folder",
    });
  }
  return saved;
}

/** The best weights of a stage so far; once the stage has ended, how its last epoch scored too. */
export interface SavedStage {
  readonly best: Best;
  readonly final: Evaluation | undefined;
}

/** A stage's best weights as a checkpoint. */
export function stageCheckpoint({ best, final }: SavedStage): Checkpoint {
  return {
    header: { epoch: best.epoch, best: numbersOf(best.evaluation), ...(final ? { final: numbersOf(final) } : {}) },
    tensors: new Map([
      ...best.weights,
      ...arraysOf("best", best.evaluation),
      ...(final ? arraysOf("final", final) : []),
    ]),
  };
}

/** What `stageCheckpoint` wrote. */
export function readStage({ header, tensors }: Checkpoint): SavedStage {
  const read = (name: string): Evaluation => {
    const array = (field: string): unknown => tensors.get(`evaluation/${name}/${field}`)?.data;
    const { several, ...numbers } = header[name] as Numbers;
    return {
      ...numbers,
      probabilities: array("probabilities") as Float32Array,
      labels: array("labels") as Int32Array,
      indices: array("indices") as Int32Array,
      ...(several ? { several: { ...several, targets: array("targets") as Float32Array } } : {}),
    };
  };
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith("evaluation/")));
  const best = { epoch: header["epoch"] as number, evaluation: read("best"), weights };
  return { best, final: header["final"] ? read("final") : undefined };
}

/** An evaluation without its arrays. */
type Numbers = Omit<Evaluation, "probabilities" | "labels" | "indices" | "several"> & {
  readonly several?: Omit<SeveralLabels, "targets">;
};

function numbersOf({
  probabilities: _probabilities,
  labels: _labels,
  indices: _indices,
  several,
  ...numbers
}: Evaluation): Numbers {
  if (!several) return numbers;
  const { targets: _targets, ...measures } = several;
  return { ...numbers, several: measures };
}

function arraysOf(
  name: string,
  { probabilities, labels, indices, several }: Evaluation,
): readonly (readonly [string, TensorData])[] {
  return [
    [`evaluation/${name}/probabilities`, { dtype: "float32", shape: [probabilities.length], data: probabilities }],
    [`evaluation/${name}/labels`, { dtype: "int32", shape: [labels.length], data: labels }],
    [`evaluation/${name}/indices`, { dtype: "int32", shape: [indices.length], data: indices }],
    ...(several ? [[`evaluation/${name}/targets`, float32([several.targets.length], several.targets)] as const] : []),
  ];
}
