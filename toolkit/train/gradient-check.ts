import { differentiate } from "../autodiff/differentiate.ts";
import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { consumers, operatorKey } from "../graph/ir.ts";
import type { Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { hash } from "../graph/random.ts";
import type { TensorData } from "../graph/tensor.ts";
import type { Loss } from "../losses/loss.ts";
import { softmaxCrossEntropy } from "../losses/softmax-cross-entropy.ts";
import { lower } from "../lowering/lower.ts";
import { encodeModel } from "../onnx/encode.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { OPSET } from "../passes/normalise.ts";
import { parametersOf } from "../passes/parameters.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Runtime, Session } from "../runtime/runtime.ts";
import type { TrainBatch } from "./batch.ts";
import { gradientDirection, lengthOf, randomDirection, step } from "./direction.ts";
import { lossFeeds } from "./loss-feeds.ts";
import { judge, measureSlope } from "./slope.ts";
import type { Judgement, Verdict } from "./slope.ts";
import { constantsAsInputs, lossInputs, STEP } from "./step.ts";

export interface GradientCheckOptions {
  readonly runtime: Runtime;
  /** What the loss is taken over: a few samples are enough, see `randomBatch`. A loss that wants no classes finds its `target` among the inputs. */
  readonly batch: Pick<TrainBatch, "inputs" | "labels" | "weight">;
  /** Softmax cross-entropy where absent. */
  readonly loss?: Loss;
  /** Constants of the graph to check; every parameter where absent. */
  readonly parameters?: readonly string[];
  readonly operators?: Operators;
  /** Of the random directions; 0. */
  readonly seed?: number;
  readonly threads?: number;
}

/** What one parameter's gradient says, and what the loss itself says. */
export interface GradientCheck extends Judgement {
  readonly parameter: string;
  /** The first node that reads it, and its operator. */
  readonly node: string;
  readonly operator: string;
  /** Along the gradient itself, or along a random direction. */
  readonly direction: "gradient" | "random";
}

/** Worst first. */
const ORDER: readonly Verdict[] = ["wrong", "ok", "inconclusive"];

/**
 * Compares the gradient of the loss for each parameter with central differences of the loss, along the gradient and along a random direction, as the
 * runtime computes both in float32. `graph` has the logits [N,K] as its first output.
 *
 * A slope counts as right within 1 % (see `slope.ts` for the steps and the allowance for rounding), as inconclusive where differences over several steps or
 * over both sides disagree with each other (a kink of Relu or max-pooling lies there) or drown in rounding, and as wrong otherwise.
 * @throws E_NO_GRADIENT, E_NO_PARAMETERS, E_NONFINITE_LOSS where the loss is no number to begin with
 */
export async function* checkGradients(
  graph: Graph,
  options: GradientCheckOptions,
): AsyncGenerator<GradientCheck, void> {
  const { operators = standardOperators, seed = 0 } = options;
  const parameters = options.parameters ?? parametersOf(graph, operators);
  const probe = await openProbe(graph, parameters, options, operators);
  try {
    const here = await probe.differentiated(parameters);
    const readers = consumers(graph);
    for (const [index, parameter] of parameters.entries()) {
      const [node] = readers.get(parameter) ?? [];
      yield {
        parameter,
        node: node?.name ?? node?.outputs[0]?.name ?? "",
        operator: node ? operatorKey(node) : "",
        ...(await checkParameter(probe, parameter, here, hash(seed, index))),
      };
    }
  } finally {
    await probe.session.release();
  }
}

type Found = Judgement & Pick<GradientCheck, "direction">;

/** Parameters moved by this share of their length: a fault of a rule is there as well, a kink is not. */
const ELSEWHERE = 1e-2;
const CONFIRMATIONS = 2;

async function checkParameter(probe: Probe, parameter: string, here: Differentials, seed: number): Promise<Found> {
  const start = probe.values.get(parameter)?.data as Float32Array;
  const found = await checkAt(probe, parameter, start, here, seed);
  for (let i = 1; found.verdict !== "ok" && i <= CONFIRMATIONS; i++) {
    const away = randomDirection(start.length, seed, i);
    const moved = step(start, away, ELSEWHERE * lengthOf(start));
    const there = await probe.differentiated([parameter], moved);
    const again = await checkAt(probe, parameter, moved, there, hash(seed, i));
    if (found.verdict === "wrong" && again.verdict !== "wrong") return { ...found, verdict: "inconclusive" };
    if (found.verdict === "inconclusive" && again.verdict === "ok") return again;
  }
  return found;
}

/** Both directions: a wrong slope in one is a wrong gradient, and a right one counts for more than one that says nothing. */
async function checkAt(
  probe: Probe,
  parameter: string,
  start: Float32Array,
  { loss, gradients }: Differentials,
  seed: number,
): Promise<Found> {
  const gradient = gradients.get(parameter) as Float32Array;
  const along = { direction: "gradient", vector: gradientDirection(gradient) } as const;
  const across = { direction: "random", vector: randomDirection(gradient.length, seed, 0) } as const;
  const lossAt = (data: Float32Array): Promise<number> => probe.lossWith(parameter, data);
  const found: Found[] = [];
  for (const { direction, vector } of lengthOf(gradient) > 0 ? [along, across] : [across]) {
    found.push({ direction, ...judge(await measureSlope({ start, vector, gradient, loss, lossAt })) });
  }
  return found.toSorted((a, b) => ORDER.indexOf(a.verdict) - ORDER.indexOf(b.verdict))[0] as Found;
}

/** The loss, and its gradients by parameter. */
interface Differentials {
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float32Array>;
}

interface Probe {
  readonly session: Session;
  readonly values: ReadonlyMap<string, TensorData>;
  /** The loss and its gradients, with the first parameter replaced where `data` is given. */
  readonly differentiated: (parameters: readonly string[], data?: Float32Array) => Promise<Differentials>;
  /** The loss with one parameter replaced. */
  readonly lossWith: (parameter: string, data: Float32Array) => Promise<number>;
}

/** What stands behind a parameter's name in the name of its gradient. */
const GRADIENT = ":gradient";

async function openProbe(
  graph: Graph,
  parameters: readonly string[],
  options: GradientCheckOptions,
  operators: Operators,
): Promise<Probe> {
  const { batch, runtime, threads, loss = softmaxCrossEntropy() } = options;
  const { open, values, output, classes } = withLoss(graph, parameters, loss, operators);
  const back = differentiate(open, output, parameters, operators);
  const b = new GraphBuilder(operators, back.graph);
  const outputs = parameters.map((name) =>
    b.op("Identity", [back.gradients.get(name)], {}, { outputs: [name + GRADIENT] }),
  );
  const target = { provider: providerOf(runtime), dims: boundDims(graph, batch) };
  const bytes = (g: Graph): Uint8Array =>
    encodeModel({ graph: lower(g, target, operators), opsets: new Map([["", OPSET]]), metadata: new Map() });
  const session = await runtime.load(bytes(b.build([output, ...outputs])), threads === undefined ? {} : { threads });
  await session.add("loss", bytes(open));
  await session.set(values);
  const replaced = (name: string, data: Float32Array): ReadonlyMap<string, TensorData> =>
    new Map([...feeds, [name, { ...(values.get(name) as TensorData), data }]]);
  const feeds = new Map([...lossFeeds(batch, classes), ...batch.inputs]);
  return {
    session,
    values,
    async differentiated(names, data) {
      const fetch = [output.name, ...names.map((name) => name + GRADIENT)];
      const out = await session.run({ feeds: data ? replaced(names[0] ?? "", data) : feeds, fetch });
      const start = Number(out.get(output.name)?.data[0]);
      if (!Number.isFinite(start))
        throw new ToolkitError("E_NONFINITE_LOSS", `Cannot check the gradients: the loss is ${start} to begin with`);
      return {
        loss: start,
        gradients: new Map(names.map((name) => [name, out.get(name + GRADIENT)?.data as Float32Array])),
      };
    },
    async lossWith(parameter, data) {
      const out = await session.run({ program: "loss", feeds: replaced(parameter, data), fetch: [output.name] });
      return Number(out.get(output.name)?.data[0]);
    },
  };
}

/** The graph with the parameters and what the loss reads as inputs, and the loss as its one output. */
export function withLoss(
  graph: Graph,
  parameters: readonly string[],
  loss: Loss,
  operators: Operators,
): { open: Graph; values: ReadonlyMap<string, TensorData>; output: Value; classes: number } {
  const { graph: opened, values } = constantsAsInputs(graph, parameters);
  const b = new GraphBuilder(operators, opened);
  const [logits] = graph.outputs;
  const classes = logits?.shape[1];
  if (!logits || typeof classes !== "number")
    throw new ToolkitError("E_GRAPH", "Cannot check the gradients: expected the logits [N,K] as the first output");
  const scalar = loss.emit({ b, logits, ...lossInputs(b, logits, loss) });
  const output = b.op("Identity", [scalar], {}, { outputs: [STEP.loss] });
  return { open: b.build([output]), values, output, classes };
}

/** What the symbolic extents of the graph's inputs are in a batch. */
export function boundDims(graph: Graph, { inputs }: GradientCheckOptions["batch"]): ReadonlyMap<string, number> {
  const dims = new Map<string, number>();
  for (const v of graph.inputs) {
    for (const [i, dim] of v.shape.entries()) {
      const extent = inputs.get(v.name)?.shape[i];
      if (typeof dim === "string" && extent !== undefined) dims.set(dim, extent);
    }
  }
  return dims;
}
