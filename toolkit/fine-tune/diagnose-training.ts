import { errorCode, errorMessage } from "../errors.ts";
import { consumers, operatorKey } from "../graph/ir.ts";
import type { Graph } from "../graph/ir.ts";
import { float32 } from "../graph/tensor.ts";
import type { TensorData } from "../graph/tensor.ts";
import { placementsText } from "../runtime/placements.ts";
import type { Placements } from "../runtime/placements.ts";
import { providerOf } from "../runtime/runtime.ts";
import { constant } from "../schedules/constant.ts";
import { cut } from "../passes/cut.ts";
import { parametersOf } from "../passes/parameters.ts";
import { checkGradients } from "../train/gradient-check.ts";
import type { GradientCheck } from "../train/gradient-check.ts";
import type { TrainBatch } from "../train/batch.ts";
import { checked } from "./diagnosis.ts";
import { gradientNorms, judgeGradientNorms } from "./probes/gradient-norms.ts";
import { judgeBaseline, withoutPictures } from "./probes/input-baseline.ts";
import { judgeStart, logitDeviation } from "./probes/loss-at-start.ts";
import type { DiagnoseOptions, Diagnosis, ModelCheck } from "./diagnosis.ts";
import { heldActivations } from "./activations.ts";
import { frozenGraph, headStage } from "./head-stage.ts";
import { encodeGraph } from "../train/encode-graph.ts";
import { batchNormForm, formsOf, networkStage, unfold } from "./network-stage.ts";
import { firstRows, oneBatch } from "./one-batch.ts";
import type { Settings } from "./settings.ts";
import { startStage, stepModel } from "./stage.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** Parameters whose gradients are checked: from the stem to the head, at even distances. */
const CHECKED = 12;
/** Rows of the batch that gradients are checked on. */
const CHECKED_ROWS = 4;
/** Steps in which a batch is to be learnt by heart. */
const STEPS = 60;
/** The shares of the first loss below which a batch is learnt, and below which something was. */
const LEARNT = 0.1;
const MOVED = 0.5;
/** Rates of Adam that are tried: networks of few channels and random weights need the higher one. */
const RATES = [1e-3, 1e-2];
/** An attempt ends after so many steps where the loss still has more than this share. */
const PATIENCE = 20;
const STUCK = 0.9;

/** What is tried: the training graph whose gradients are checked, and the stage that takes steps. */
export interface Subject {
  readonly graph: Graph;
  readonly parameters: readonly string[];
  readonly batch: TrainBatch;
  readonly stage: Stage;
  readonly student: Student;
  readonly seed: number;
}

/** The whole network, in the form in which every layer of it is trained. */
export async function networkSubject(
  folded: Student,
  settings: Settings,
  batch: TrainBatch,
  { platform }: DiagnoseOptions,
): Promise<Subject> {
  const photos = oneBatch(batch, STEPS);
  const { student } = await unfold(folded, settings, photos, { runtime: platform.runtime });
  return {
    graph: formsOf(student, batchNormForm(student.graph, settings)).training,
    parameters: parametersOf(student.graph, student.operators),
    batch,
    stage: networkStage(student, settings, photos, classCount(student.graph)),
    student,
    seed: settings.seed,
  };
}

/** The head alone, on the features of the batch. */
export async function headSubject(
  student: Student,
  settings: Settings,
  batch: TrainBatch,
  { platform, threads }: DiagnoseOptions,
): Promise<Subject> {
  const session = await platform.runtime.load(
    encodeGraph(frozenGraph(student, student.features)),
    threads === undefined ? {} : { threads },
  );
  let features: Float32Array;
  try {
    const out = await session.run({ feeds: batch.inputs, fetch: [student.features] });
    features = (out.get(student.features) as TensorData).data as Float32Array;
  } finally {
    await session.release();
  }
  const rows = Array.from(batch.labels, (_, i) => features.slice(i * student.width, (i + 1) * student.width));
  const samples = Array.from(batch.labels, (label) => ({ path: "", id: "", label }));
  const table = heldActivations(samples, [student.width], [rows]);
  const graph = cut(student.graph, { inputs: [student.features], outputs: [student.logits] });
  return {
    graph,
    parameters: parametersOf(graph, student.operators),
    batch: { ...batch, inputs: new Map([[student.features, float32([rows.length, student.width], features)]]) },
    stage: headStage(student, { ...settings, headEpochs: STEPS }, table, table, classCount(graph)),
    student,
    seed: settings.seed,
  };
}

/** Which nodes of the training step the device has no kernel for: each of them moves its tensors there and back. */
export async function tryPlacements(
  { stage }: Subject,
  { platform: { runtime }, threads }: DiagnoseOptions,
  placementsIn: (model: Uint8Array) => Promise<Placements>,
): Promise<ModelCheck> {
  const device = providerOf(runtime);
  let placements: Placements;
  try {
    placements = await placementsIn(stepModel(stage, runtime, threads));
  } catch (error) {
    // what comes next computes there in earnest
    if (errorCode(error) !== "E_DEVICE") throw error;
    const hint = `see whether "onnx-graft doctor" finds ${device} right, or use --device cpu`;
    return checked("device", "warning", errorMessage(error), { hint });
  }
  if (placements.nodes === 0) {
    const hint = "another version of ONNX Runtime may say it in other words";
    return checked("device", "warning", `the runtime does not tell where it puts the training step's nodes`, { hint });
  }
  const left = Object.keys(placements.onCpu).length;
  const detail = `of the training step on ${device}, ${placementsText(placements)}`;
  const hint = "each of them moves its tensors to the CPU and back: see whether --device cpu is quicker";
  return checked("device", left > 0 ? "warning" : "ok", detail, {
    ...(left > 0 ? { hint } : {}),
    ...placements,
  });
}

/** Finite differences of the loss against the gradients of a few parameters. */
export async function* tryGradients(
  { graph, parameters, batch, student, seed }: Subject,
  { platform, threads, signal }: DiagnoseOptions,
): AsyncGenerator<Diagnosis, void> {
  const chosen = spread(parameters, CHECKED);
  const found: GradientCheck[] = [];
  const checks = checkGradients(graph, {
    runtime: platform.runtime,
    batch: firstRows(batch, CHECKED_ROWS),
    parameters: chosen,
    operators: student.operators,
    seed,
    ...(threads === undefined ? {} : { threads }),
  });
  for await (const check of checks) {
    signal?.throwIfAborted();
    found.push(check);
    yield { kind: "progress", name: "gradients", done: found.length, total: chosen.length };
  }
  yield judgeGradients(found, graph, parameters.length);
}

function judgeGradients(found: readonly GradientCheck[], graph: Graph, total: number): ModelCheck {
  const of = (verdict: GradientCheck["verdict"]): readonly GradientCheck[] =>
    found.filter((check) => check.verdict === verdict);
  const [ok, wrong, open] = [of("ok"), of("wrong"), of("inconclusive")];
  const facts = { parameters: total, checks: found };
  const undecided = open.length > 0 ? `; ${open.length} cannot be told, for kinks or rounding` : "";
  if (wrong.length > 0) {
    const last = wrong.at(-1) as GradientCheck;
    const detail = `${wrong.length} of ${found.length} disagree with finite differences, nearest to the head "${last.parameter}": the rules say ${last.analytic.toPrecision(3)}, differences ${last.numeric.toPrecision(3)}${undecided}`;
    const hint = `look at the gradient rules of ${suspects(graph, last, ok).join(", ")}`;
    return checked("gradients", "failed", detail, { hint, ...facts });
  }
  const largest = Math.max(0, ...ok.map((check) => check.relativeError));
  const detail = `${ok.length} of ${found.length} checked parameters (of ${total}) agree with finite differences, within ${(100 * largest).toFixed(1)} %${undecided}`;
  if (ok.length > 0) return checked("gradients", "ok", detail, facts);
  const hint = "try another --size or --seed, or photos of your own";
  return checked("gradients", "warning", detail, { hint, ...facts });
}

/** Operators between a wrong parameter and the loss that no right parameter's gradient has passed. */
function suspects(graph: Graph, wrong: GradientCheck, right: readonly GradientCheck[]): readonly string[] {
  const reached = operatorsBehind(graph, wrong.parameter);
  const cleared = new Set(right.flatMap((check) => operatorsBehind(graph, check.parameter)));
  const left = reached.filter((operator) => !cleared.has(operator));
  // every kind was passed by another: then it is how the parameter's own node treats it
  return left.length > 0 ? left : [wrong.operator];
}

function operatorsBehind(graph: Graph, parameter: string): readonly string[] {
  const readers = consumers(graph);
  const names = new Set([parameter]);
  const kinds = new Set<string>();
  for (const name of names) {
    for (const node of readers.get(name) ?? []) {
      kinds.add(operatorKey(node));
      for (const v of node.outputs) names.add(v.name);
    }
  }
  return [...kinds];
}

/** The norms of the gradients of every parameter. */
export async function tryGradientNorms(
  { graph, parameters, batch, student }: Subject,
  { platform, threads }: DiagnoseOptions,
): Promise<ModelCheck> {
  const { runtime } = platform;
  const { operators } = student;
  const common = { runtime, batch: firstRows(batch, CHECKED_ROWS), parameters, operators };
  return judgeGradientNorms(await gradientNorms(graph, { ...common, ...(threads === undefined ? {} : { threads }) }));
}

/**
 * Takes training steps on one batch until it is learnt by heart: where the loss starts, how far it falls, and how far it falls where every picture is
 * replaced by the mean of them all, so that nothing but the labels can be learnt.
 */
export async function* tryOneBatch({ stage }: Subject, options: DiagnoseOptions): AsyncGenerator<Diagnosis, void> {
  let losses: readonly number[] = [];
  let tried = stage;
  for (const [attempt, rate] of RATES.entries()) {
    tried = { ...stage, schedule: constant(rate) };
    losses = yield* learn(tried, options, { name: "one batch", steps: STEPS, tellsStart: attempt === 0 });
    if (isLearnt(losses)) break;
  }
  const check = judgeOneBatch(losses);
  yield check;
  if (check.status === "failed") return;
  const blind = {
    ...tried,
    batches: (epoch: number, position: number) => withoutPictures(tried.batches(epoch, position)),
  };
  const blindLosses = yield* learn(blind, options, { name: "baseline", steps: losses.length, tellsStart: false });
  yield judgeBaseline(losses, blindLosses);
}

/** What steps are taken for. */
interface Learning {
  readonly name: "one batch" | "baseline";
  readonly steps: number;
  /** Whether the loss before the first of them is judged. */
  readonly tellsStart: boolean;
}

/** The losses of steps at one rate. */
async function* learn(
  stage: Stage,
  { platform, threads, signal }: DiagnoseOptions,
  { name, steps, tellsStart }: Learning,
): AsyncGenerator<Diagnosis, readonly number[]> {
  const run = await startStage(platform.runtime, stage, {
    ...(threads === undefined ? {} : { threads }),
    ...(signal ? { signal } : {}),
  });
  const losses: number[] = [];
  try {
    const before = tellsStart ? await run.evaluate() : undefined;
    const logits = before && { rows: before.count, deviation: logitDeviation(before.probabilities, stage.classes) };
    for await (const event of run.events) {
      if (event.kind !== "step") continue;
      losses.push(event.loss);
      if (logits && losses.length === 1) yield judgeStart(event.loss, stage.classes, logits);
      yield { kind: "progress", name, done: event.step, total: steps, loss: event.loss };
      const [first = 0] = losses;
      if (losses.length >= steps || isLearnt(losses) || (losses.length >= PATIENCE && event.loss > STUCK * first))
        break;
    }
    signal?.throwIfAborted();
  } catch (error) {
    if (errorCode(error) !== "E_NONFINITE_LOSS") throw error;
    if (tellsStart && losses.length === 0) yield judgeStart(Number.NaN, stage.classes);
    losses.push(Number.NaN);
  } finally {
    await run.session.release();
  }
  return losses;
}

function isLearnt(losses: readonly number[]): boolean {
  return (losses.at(-1) ?? Number.NaN) < LEARNT * (losses[0] ?? 0);
}

function judgeOneBatch(losses: readonly number[]): ModelCheck {
  const [first = Number.NaN] = losses;
  const last = losses.at(-1) ?? Number.NaN;
  const facts = { losses };
  const steps = `${losses.length} step${losses.length === 1 ? "" : "s"}`;
  const detail = `the loss went from ${first.toFixed(3)} to ${last.toFixed(3)} in ${steps} on one batch`;
  if (isLearnt(losses)) return checked("one batch", "ok", `${detail}: learnt by heart`, facts);
  if (last < MOVED * first) {
    const slow = "it learns, but slowly: expect to need more epochs or a higher --rate than a pretrained network";
    return checked("one batch", "warning", detail, { hint: slow, ...facts });
  }
  const hint = Number.isFinite(last)
    ? "a network that cannot learn a single batch learns nothing: its weights or activations may be dead (all zero), its inputs all alike, or labels may contradict each other"
    : "the loss became no number: see that --mean and --std are the model's own, or leave --batch-norm at auto";
  return checked("one batch", "failed", detail, { hint, ...facts });
}

/** At most `count` items at even distances, the first and the last among them. */
function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, i) => items[Math.round((i * (items.length - 1)) / (count - 1))] as T);
}

function classCount(graph: Graph): number {
  return graph.outputs[0]?.shape[1] as number;
}
