import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { ToolkitError } from "../../toolkit/errors.ts";
import { readAttributes } from "../../toolkit/graph/attributes.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { operatorKey } from "../../toolkit/graph/ir.ts";
import type { Graph, Model, Value } from "../../toolkit/graph/ir.ts";
import { sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Formulation } from "../../toolkit/lowering/formulation.ts";
import { formulations } from "../../toolkit/lowering/formulations.ts";
import { lower, lowerWithForms } from "../../toolkit/lowering/lower.ts";
import type { Target } from "../../toolkit/lowering/target.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { batchNormTraining } from "../../toolkit/passes/batch-norm-training.ts";
import type { BatchStatistics } from "../../toolkit/passes/batch-norm-training.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { constantsAsInputs, runningAverages } from "../../toolkit/train/step.ts";
import { hasBlocks, runLowered } from "../support/blocked.ts";
import { runGraph } from "../support/run-graph.ts";
import type { GoldenCase, Manner } from "./golden-case.ts";
import { writeLoss } from "./golden-loss.ts";
import { goldenTensor, readGolden } from "./golden.ts";
import type { Golden } from "./golden.ts";
import { norm, relativeError } from "./relative-error.ts";
import type { Deviation } from "./relative-error.ts";

/** Norm of the difference over norm of the reference: what one operator, and what a whole network may be off. */
const OPERATOR_TOLERANCE = 1e-4;
const NETWORK_TOLERANCE = 1e-3;
/** More nodes than this are no minimal graph around one operator. */
const MINIMAL_GRAPH = 10;

type Tensors = ReadonlyMap<string, TensorData>;

/** The comparison of `path`.onnx with `path`.json: output, loss, gradients, running statistics. `name` is what it is called. */
export function modelCase(name: string, path: string, provider: Provider = "cpu"): GoldenCase {
  let prepared: Promise<Prepared> | undefined;
  const runWith = async (how: Manner): Promise<boolean> => {
    prepared ??= prepare(path);
    return compare(await prepared, provider, how);
  };
  return { name, run: async () => void (await runWith({})), runWith };
}

/** A case whose graph is built, and waits to be lowered. */
interface Prepared {
  readonly golden: Golden;
  readonly model: Model;
  readonly names: readonly string[];
  /** The names that the output depends on. */
  readonly used: readonly string[];
  readonly back: Backward;
  /** The file as it stands. */
  readonly inference: Graph;
  readonly feeds: Tensors;
  /** By block size: the formulations that serve somewhere, once they have been asked for. */
  readonly serving: Map<number, ReadonlySet<string>>;
}

async function prepare(path: string): Promise<Prepared> {
  const golden = readGolden(`${path}.json`);
  const model = await readModelFile(`${path}.onnx`);
  const names = Object.keys(golden.gradients);
  const { graph: inference } = normalise(model, { keep: [...names, ...Object.keys(golden.after ?? {})] });
  const feeds = tensorsOf(golden.inputs, "input");
  const forward = golden.bn === "train" ? batchNormTraining(inference) : { graph: inference, statistics: [] };
  const used = names.filter((name) => isUsed(name, forward.graph, model));
  const back = backward(forward.graph, forward.statistics, golden, used, model);
  return { golden, model, names, used, back, inference, feeds, serving: new Map() };
}

/** What would serve in this case if it were forced: up to its first place a forced formulation changes nothing. */
function servingForms({ back, serving }: Prepared, target: Target): ReadonlySet<string> {
  const { blockSize = 0 } = target;
  const known = serving.get(blockSize);
  if (known) return known;
  const found = new Set<string>();
  const watch = (form: Formulation): Formulation => ({
    ...form,
    serves: (site) => {
      const serves = form.serves(site);
      if (serves) found.add(form.name);
      return serves;
    },
  });
  // all are asked before one is chosen
  const asked = (list: readonly Formulation[]): Formulation => ({
    name: "none",
    serves: (site) => {
      for (const form of list) form.serves(site);
      return false;
    },
    write: () => [],
  });
  const table = [...formulations].map(([op, list]) => [op, [asked(list.map(watch)), ...list]] as const);
  lowerWithForms(back.graph, target, operators, new Map(table));
  serving.set(blockSize, found);
  return found;
}

/** Whether it was compared: where a formulation is forced that serves nowhere, or blocks are asked for and nothing is blocked, it is not. */
async function compare(prepared: Prepared, provider: Provider, { forced, blockSize = 0 }: Manner): Promise<boolean> {
  const { golden, model, names, used, back, inference, feeds } = prepared;
  const all = new Map([...feeds, ...back.feeds]);
  const target = { provider, ...(blockSize > 0 ? { blockSize, state: back.state } : {}) };
  const dims = boundDims(back.graph, all);
  if (forced !== undefined && !servingForms(prepared, { ...target, dims }).has(forced)) return false;
  const lowered = lowerWithForms(back.graph, { ...target, dims, ...(forced === undefined ? {} : { forced }) });
  if (blockSize > 0 && !hasBlocks(lowered.graph)) return false;
  const results = await runLowered(lowered, all, { block: blockSize, state: back.state });
  const expected = expectedOf(golden);
  const actual = new Map([...back.outputs].map(([what, v]) => [what, results.get(v)]));
  if (golden.outputEval) {
    const asItStands = await runGraph(lower(inference, { ...target, dims: boundDims(inference, feeds) }), feeds);
    actual.set("outputEval", asItStands.get(inference.outputs[0]?.name ?? ""));
  }
  const tolerance = isNetwork(golden, model) ? NETWORK_TOLERANCE : OPERATOR_TOLERANCE;
  for (const n of names.filter((name) => !used.includes(name))) {
    const what = `gradient of "${n}"`;
    actual.set(what, zerosLike(expected.get(what)));
  }
  const scale = Math.max(...names.map((n) => norm(toNumbers(expected.get(`gradient of "${n}"`) as TensorData))));
  const deviations = [...expected].map(([what, t]) => relativeError(what, actual.get(what), t, tolerance, scale));
  report([...deviations, ...sumOfProducts(golden, actual.get("output"), tolerance)]);
  return true;
}

/** A file as an exporter wrote it, one that is trained with labels, or more than a minimal graph is a whole network. */
function isNetwork(golden: Golden, model: Model): boolean {
  const exported = golden.exporter !== undefined && golden.exporter !== "hand";
  return exported || golden.loss !== "sum-of-products" || model.graph.nodes.length > MINIMAL_GRAPH;
}

interface Backward {
  readonly graph: Graph;
  /** What is fed beside the case's inputs. */
  readonly feeds: Tensors;
  /** What is compared -> the graph's output that holds it. */
  readonly outputs: ReadonlyMap<string, string>;
  /** Parameter -> the output that holds its gradient: as a step replaces one by the other, both lie alike. */
  readonly state: ReadonlyMap<string, string>;
}

/** Forward, loss and backward as one graph whose parameters are fed, as a training step has them. */
function backward(
  forward: Graph,
  statistics: readonly BatchStatistics[],
  golden: Golden,
  names: readonly string[],
  model: Model,
): Backward {
  const averaged = golden.after ? statistics.flatMap((s) => [s.runningMean, s.runningVariance]) : [];
  const parameters = names.filter((name) => forward.constants.has(name));
  const open = constantsAsInputs(forward, [...new Set([...parameters, ...averaged])]);
  const b = new GraphBuilder(operators, open.graph);
  const [y] = forward.outputs as readonly [Value];
  const seed = golden.loss === "sum-of-products" ? b.input(b.fresh("seed"), y.dtype, y.shape) : undefined;
  const loss = seed ? y : writeLabelledLoss(b, open.graph, y, golden);
  const { graph, gradients } = differentiate(b.build(forward.outputs), loss, names, operators, seed);
  const back = new GraphBuilder(operators, graph);
  const results = new Map<string, Value>([["output", y]]);
  if (!seed && golden.lossValue !== undefined) results.set("loss", loss);
  for (const [name, v] of gradients) results.set(`gradient of "${name}"`, v);
  const running = new Map<string, Value>();
  for (const s of golden.after ? statistics : []) {
    for (const [name, v] of runningAverages(back, s, averageShare(model, s), running)) running.set(name, v);
  }
  for (const [name, v] of running) results.set(`running "${name}"`, v);
  // an output of its own for each: two gradients may be one value
  const outputs = [...results.values()].map((v) => back.op("Identity", [v], {}, { outputs: [back.fresh("result")] }));
  const compared = new Map([...results.keys()].map((what, i) => [what, outputs[i]?.name ?? ""]));
  const feeds = new Map(open.values);
  if (seed && golden.seed) feeds.set(seed.name, goldenTensor(golden.seed, "seed"));
  return {
    graph: back.build(outputs),
    feeds,
    outputs: compared,
    state: new Map(parameters.map((name) => [name, compared.get(`gradient of "${name}"`) ?? ""])),
  };
}

function writeLabelledLoss(b: GraphBuilder, graph: Graph, y: Value, golden: Golden): Value {
  const { loss, target } = golden;
  if (loss === "sum-of-products" || !target) throw new ToolkitError("E_DATA_FORMAT", `Cannot write the loss "${loss}"`);
  return writeLoss(b, graph, y, { loss, shape: golden.output.shape, target: goldenTensor(target, "target") });
}

/** Share of the new value in a running average: 1 minus the file's `momentum`. */
function averageShare(model: Model, { runningMean }: BatchStatistics): number {
  const isIt = (v: Value | undefined): boolean => v?.name === runningMean;
  const source = model.graph.nodes.find((n) => n.op === "Identity" && isIt(n.outputs[0]))?.inputs[0]?.name;
  const reads = (v: Value | undefined): boolean => isIt(v) || (source !== undefined && v?.name === source);
  const node = model.graph.nodes.find((n) => n.op === "BatchNormalization" && reads(n.inputs[3]));
  return 1 - readAttributes(node?.attrs ?? {}, "BatchNormalization").float("momentum", 0.9);
}

/**
 * Whether a gradient flows from the first output to `name`; where none does, the gradient is zero.
 * @throws E_NO_VALUE where neither the file nor its normalised graph knows the name
 */
function isUsed(name: string, graph: Graph, { graph: file }: Model): boolean {
  const known = graph.constants.has(name) || graph.inputs.some((v) => v.name === name);
  if (!known && !file.constants.has(name)) {
    throw new ToolkitError("E_NO_VALUE", `Cannot compare the gradient of "${name}": the file has no such value`, {
      hint: "gradients are stored by the names of the file's inputs and initializers",
    });
  }
  const reached = new Set(known ? [name] : []);
  for (const node of graph.nodes) {
    const passes = operators.get(operatorKey(node))?.gradient !== null;
    if (passes && node.inputs.some((v) => v && reached.has(v.name))) for (const v of node.outputs) reached.add(v.name);
  }
  return reached.has(graph.outputs[0]?.name ?? "");
}

/** The extents behind symbolic names, from what is fed. */
function boundDims(graph: Graph, feeds: Tensors): ReadonlyMap<string, number> {
  const dims = new Map<string, number>();
  for (const v of graph.inputs) {
    for (const [i, dim] of v.shape.entries()) {
      const extent = feeds.get(v.name)?.shape[i];
      if (typeof dim === "string" && extent !== undefined) dims.set(dim, extent);
    }
  }
  return dims;
}

function expectedOf(golden: Golden): Tensors {
  const expected = new Map([["output", goldenTensor(golden.output, "output")]]);
  const labelled = golden.loss !== "sum-of-products" && golden.lossValue !== undefined;
  if (labelled) expected.set("loss", { dtype: "float64", shape: [], data: Float64Array.of(golden.lossValue ?? 0) });
  for (const [name, t] of Object.entries(golden.gradients)) {
    expected.set(`gradient of "${name}"`, goldenTensor(t, `gradient of "${name}"`));
  }
  for (const [name, t] of Object.entries(golden.after ?? {})) {
    expected.set(`running "${name}"`, goldenTensor(t, `running "${name}"`));
  }
  if (golden.outputEval) expected.set("outputEval", goldenTensor(golden.outputEval, "outputEval"));
  return expected;
}

function tensorsOf(stored: Golden["inputs"], what: string): Tensors {
  return new Map(Object.entries(stored).map(([name, t]) => [name, goldenTensor(t, `${what} "${name}"`)]));
}

function zerosLike(t: TensorData | undefined): TensorData | undefined {
  return t && { dtype: "float32", shape: t.shape, data: new Float32Array(sizeOf(t.shape)) };
}

/** sum(seed * y) against the stored loss, measured by the norms of both: the sum itself may cancel. */
function sumOfProducts(golden: Golden, y: TensorData | undefined, tolerance: number): readonly Deviation[] {
  if (!golden.seed || !y || golden.loss !== "sum-of-products" || golden.lossValue === undefined) return [];
  const seed = toNumbers(goldenTensor(golden.seed, "seed"));
  const values = toNumbers(y);
  const sum = seed.reduce((total, v, i) => total + v * (values[i] ?? 0), 0);
  const scale = Math.max(norm(seed) * norm(values), Math.abs(golden.lossValue));
  const excess = Math.abs(sum - golden.lossValue) / (tolerance * scale || 1e-6);
  return [{ what: "loss", excess, message: `loss is ${sum}, expected ${golden.lossValue}` }];
}

function report(deviations: readonly Deviation[]): void {
  const failed = deviations.filter(({ excess }) => !(excess <= 1)).toSorted((a, b) => b.excess - a.excess);
  const [worst] = failed;
  if (!worst) return;
  const others = failed.length > 1 ? ` (and ${failed.length - 1} of ${deviations.length - 1} others differ)` : "";
  throw new Error(`${worst.message}${others}`);
}
