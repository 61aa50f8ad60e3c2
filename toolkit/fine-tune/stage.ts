import type { OutputHead } from "../data/heads.ts";
import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { lower } from "../lowering/lower.ts";
import { placeOf, writeStep } from "./formulations.ts";
import type { Formulations } from "./formulations.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Provider, Runtime, Session, Tensors } from "../runtime/runtime.ts";
import type { Schedule } from "../schedules/schedule.ts";
import type { TrainBatch } from "../train/batch.ts";
import { averagesAsWeights, readAverages } from "../train/averages.ts";
import { learnBlockSize } from "../train/block-size.ts";
import type { ClassColumns } from "../train/count-correct.ts";
import { encodeGraph } from "../train/encode-graph.ts";
import { evaluate } from "../train/evaluate.ts";
import type { Evaluation } from "../train/evaluate.ts";
import { loadableStep } from "../train/loadable-step.ts";
import { openPace } from "../train/pace.ts";
import type { Pace } from "../train/pace.ts";
import { repeatsOn } from "../train/repeats-on.ts";
import type { Step } from "../train/step.ts";
import { train } from "../train/train.ts";
import type { Progress, TrainEvent } from "../train/train.ts";

/** A part of a run under one mode: one step graph, one schedule. */
export interface Stage {
  readonly name: "head" | "network";
  readonly step: Step;
  /** The forward graph with the trained constants as inputs: reads the state that the step keeps. */
  readonly forward: Graph;
  readonly logits: string;
  /** The table that the graphs' operators stand in. */
  readonly operators: Operators;
  /** Outputs of the network. */
  readonly classes: number;
  /** What the outputs say, where they are not one of some classes, or labels, alone. */
  readonly heads?: readonly OutputHead[];
  readonly dims: ReadonlyMap<string, number>;
  readonly batches: (epoch: number, position: number) => AsyncIterable<TrainBatch>;
  readonly validation: () => AsyncIterable<TrainBatch>;
  readonly stepsPerEpoch: number;
  readonly epochs: number;
  readonly schedule: Schedule;
  /** Further inputs of a step, such as dropout masks. */
  readonly extras?: (step: number) => Tensors;
  /** Threads that are best for it, whatever the settings say. */
  readonly threads?: number;
  /** Lets go of what the batches are read from, once the stage has ended. */
  readonly release?: () => Promise<void>;
}

/** The best epoch so far: its weights and running statistics, and how they scored. */
export interface Best {
  readonly weights: Tensors;
  readonly evaluation: Evaluation;
  readonly epoch: number;
}

export interface StageRun {
  readonly session: Session;
  readonly formulations: Formulations;
  /** What a reader of the log should know about how the step is written. */
  readonly notes: readonly string[];
  readonly events: AsyncGenerator<TrainEvent, void>;
  /** Weights and running statistics as they are now, without the optimizer's slots. */
  readonly weights: () => Promise<Tensors>;
  /** Everything held, for a checkpoint. */
  readonly state: () => Promise<Tensors>;
  readonly evaluate: () => Promise<Evaluation>;
  /** Scores weights and running statistics, which the session holds from then on. */
  readonly evaluateWeights: (weights: Tensors) => Promise<Evaluation>;
}

const EVALUATE = "evaluate";
const SINGLE = { steps: () => 1, ran: () => {} };

/** Loads the stage's graphs, sets the state (the step's own, or that of a checkpoint) and returns the events to be read. */
export async function startStage(
  runtime: Runtime,
  stage: Stage,
  options: {
    threads?: number;
    from?: Progress;
    state?: Tensors;
    signal?: AbortSignal;
    limit?: () => number;
    now?: () => number;
    /** Those of the run that is resumed. */
    formulations?: Formulations;
    /** Those to write a new run in; the default where absent. */
    chosen?: Formulations;
    /** The state can be read at every so many steps. */
    saveEvery?: number;
  },
): Promise<StageRun> {
  const { step, dims, operators, threads = options.threads } = stage;
  const { formulations: before, chosen } = options;
  const provider = providerOf(runtime);
  // what another device has been given says nothing of this one
  const wanted = before && placeOf(before) !== provider ? undefined : (before ?? chosen);
  // a head has no convolutions that blocks would serve; plain operators are everywhere
  const isPlain = stage.name === "head" || wanted?.blockSize === 0;
  const blockSize = isPlain ? 0 : await learnBlockSize(runtime, threads);
  const written = writeStep(step, { provider, dims, blockSize, operators }, before, chosen);
  const { lowered, formulations, notes } = written;
  const loadable = loadableStep(stage, written, { provider, threads });
  const session = await runtime.load(loadable.model, loadable.options);
  const forward = readAverages(stage.forward, step.averages);
  // it reads the state as the step keeps it
  const evaluation = { provider, dims, blockSize, layouts: lowered.layouts } as const;
  await session.add(EVALUATE, encodeGraph(lower(forward, evaluation, operators)));
  await session.set(new Map([...step.initial, ...(options.state ?? [])]));
  const names = [...step.state.keys()];
  const weightNames = forward.inputs.map((v) => v.name).filter((name) => step.state.has(name));
  const score = (): Promise<Evaluation> =>
    evaluate(session, stage.validation(), {
      program: EVALUATE,
      logits: stage.logits,
      ...(stage.heads ? { heads: stage.heads } : {}),
    });
  return {
    session,
    formulations,
    notes,
    weights: async () => averagesAsWeights(await session.get(weightNames), step.averages),
    state: () => session.get(names),
    evaluate: score,
    evaluateWeights: async (weights) => {
      await session.set(new Map([...weights].map(([name, t]) => [step.averages.get(name) ?? name, t])));
      return score();
    },
    events: train({
      session,
      ...paceOf(step, provider, options.saveEvery),
      ...(step.finite === undefined ? {} : { finite: step.finite }),
      ...(step.measured ? { measured: step.parameters } : {}),
      logits: stage.logits,
      classes: stage.classes,
      ...(stage.heads ? { classColumns: classColumnsOf(stage.heads) } : {}),
      batches: stage.batches,
      stepsPerEpoch: stage.stepsPerEpoch,
      epochs: stage.epochs,
      schedule: stage.schedule,
      evaluate: score,
      ...(stage.extras ? { extras: stage.extras } : {}),
      ...(options.from ? { from: options.from } : {}),
      ...(options.signal ? { signal: options.signal } : {}),
      ...(options.now ? { now: options.now } : {}),
      ...(options.limit ? { limit: options.limit } : {}),
    }),
  };
}

/** The step of a stage as plain operators for the runtime's device: the bytes that are loaded there. */
export function stepModel({ step, dims, operators }: Stage, runtime: Runtime, threads: number | undefined): Uint8Array {
  const provider = providerOf(runtime);
  const written = writeStep(step, { provider, dims, blockSize: 0, operators });
  return loadableStep({ step, operators }, written, { provider, threads }).model;
}

/** How many steps a run makes, where it can make several. */
function paceOf({ finite }: Step, provider: Provider, saveEvery: number | undefined): { readonly pace?: Pace } {
  if (!repeatsOn(provider)) return {};
  // what comes after a step that is left out has another rate
  return { pace: finite === undefined ? openPace(saveEvery) : SINGLE };
}

/** The outputs that training accuracy is counted on: those of the first head that has labels. */
function classColumnsOf(heads: readonly OutputHead[]): ClassColumns {
  const head = heads.find(({ task }) => task !== "numbers");
  return { start: head?.start ?? 0, width: head?.names.length ?? 0 };
}
