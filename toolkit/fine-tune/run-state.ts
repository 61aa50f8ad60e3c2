import { ToolkitError } from "../errors.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Checkpoint } from "../train/checkpoint.ts";
import type { Evaluation } from "../train/evaluate.ts";
import type { Progress } from "../train/train.ts";
import { readEvaluation, recordEvaluation } from "./evaluation-record.ts";
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

/** What a checkpoint says, and what of it is another run's, by its name and in words; empty where it is this one's. */
export function readSaved(
  { header }: Checkpoint,
  fingerprint: Fingerprint,
): { readonly saved: Saved; readonly differing: Differing } {
  const saved = header as unknown as Saved;
  // a setting that is left out now is another one too
  const names = new Set([...Object.keys(fingerprint), ...Object.keys(saved.fingerprint)]);
  const differing = [...names]
    .filter((name) => saved.fingerprint[name] !== fingerprint[name])
    .map((name) => {
      const text = `${name} was ${saved.fingerprint[name] ?? "absent"}, is ${fingerprint[name] ?? "absent"}`;
      return [name, text] as const;
    });
  return { saved, differing: new Map(differing) };
}

type Differing = ReadonlyMap<string, string>;

/**
 * Refuses to go on with what is another run.
 * @throws E_RESUME naming what differs
 */
export function expectSame(differing: Differing): void {
  if (differing.size === 0) return;
  throw new ToolkitError("E_RESUME", `Cannot resume the run: ${[...differing.values()].join("; ")}`, {
    hint: "resume with the settings, model and photos it was started with, start a new run folder, or go on all the same with --force-resume",
  });
}

/**
 * Refuses a state that is not that of a step, as one of another network or of another optimizer.
 * @throws E_RESUME naming a tensor that differs
 */
export function expectFits(state: Tensors, wanted: Tensors): void {
  const refuse = (what: string): never => {
    throw new ToolkitError("E_RESUME", `Cannot resume the run: its checkpoint does not fit, ${what}`, {
      hint: "the model, the classes, the layers that are trained and the optimizer must be those it was started with; else start a new run folder",
    });
  };
  for (const [name, { shape }] of wanted) {
    const held = state.get(name);
    if (!held) refuse(`it has no "${name}"`);
    else if (held.shape.join() !== shape.join())
      refuse(`its "${name}" has the shape [${held.shape.join(",")}], expected [${shape.join(",")}]`);
  }
  for (const name of state.keys()) if (!wanted.has(name)) refuse(`nothing here is called "${name}"`);
}

/** The best weights of a stage so far; once the stage has ended, how its last epoch scored too. */
export interface SavedStage {
  readonly best: Best;
  readonly final: Evaluation | undefined;
}

/** A stage's best weights as a checkpoint. */
export function stageCheckpoint({ best, final }: SavedStage): Checkpoint {
  const records = [
    ["best", recordEvaluation(best.evaluation)] as const,
    ...(final ? [["final", recordEvaluation(final)] as const] : []),
  ];
  return {
    header: { epoch: best.epoch, ...Object.fromEntries(records.map(([name, { numbers }]) => [name, numbers])) },
    tensors: new Map([
      ...best.weights,
      ...records.flatMap(([name, { arrays }]) =>
        arrays.map(([path, array]) => [`evaluation/${name}/${path}`, array] as const),
      ),
    ]),
  };
}

/** What `stageCheckpoint` wrote. */
export function readStage({ header, tensors }: Checkpoint): SavedStage {
  const read = (name: string): Evaluation => {
    const start = `evaluation/${name}/`;
    const arrays = [...tensors].flatMap(([key, array]) =>
      key.startsWith(start) ? [[key.slice(start.length), array] as const] : [],
    );
    return readEvaluation(header[name] as object, new Map(arrays));
  };
  const weights = new Map([...tensors].filter(([name]) => !name.startsWith("evaluation/")));
  const best = { epoch: header["epoch"] as number, evaluation: read("best"), weights };
  return { best, final: header["final"] ? read("final") : undefined };
}
