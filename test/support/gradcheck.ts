import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import { serialize } from "node:v8";
import { differentiate } from "../../toolkit/autodiff/differentiate.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { checkGraph } from "../../toolkit/graph/check.ts";
import { operatorKey } from "../../toolkit/graph/ir.ts";
import type { Attributes, Dim, Graph, Value } from "../../toolkit/graph/ir.ts";
import type { Operators } from "../../toolkit/graph/operator.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import { sizeOf, tensor } from "../../toolkit/graph/tensor.ts";
import type { DType, TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { isFloating } from "../../toolkit/graph/element-type.ts";
import { operators as standardOperators } from "../../toolkit/operators/index.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import type { LoadedGraph } from "./run-graph.ts";
import { loadGraph } from "./run-graph.ts";

/** An input of the operator: a shape to be filled with random numbers, a constant (axes, pads), or nothing. */
export type Operand = readonly Dim[] | TensorData | undefined;

export interface GradcheckOptions {
  /** float64 differences are much sharper; float32 where the runtime has no double kernel. */
  readonly dtype?: "float32" | "float64";
  /** How inputs are drawn: anywhere in -1..1; 0.1 or more away from 0; in 0.5..2; so that no two elements are close; or between two bounds. */
  readonly draw?: "any" | "away" | "positive" | "distinct" | readonly [number, number];
  readonly domain?: string;
  readonly outputCount?: number;
  /** Which outputs carry a gradient; all that are floating point where absent. */
  readonly outputs?: readonly number[];
  /** Which floating inputs have no gradient by definition; every other must have one, so that a rule cannot leave one out. */
  readonly withoutGradient?: readonly number[];
  /** Extents of symbolic names. */
  readonly dims?: Readonly<Record<string, number>>;
  /** Leaves symbolic extents unbound in the graph that runs. */
  readonly unbound?: boolean;
  /** The provider it is written for; it runs on the CPU whatever this is. */
  readonly provider?: Provider;
  readonly operators?: Operators;
  readonly seed?: number;
}

/** The environment variable that names a file: checks are then written down there, one a line (see `recordedChecks`), and not run. */
export const GRADCHECK_LIST = "ONNX_GRAFT_GRADCHECK_LIST";

/** What `gradcheck` was asked to check. */
export interface RecordedCheck {
  readonly type: string;
  readonly operands: readonly Operand[];
  readonly attrs: Attributes;
  readonly options: Omit<GradcheckOptions, "operators">;
}

const DIRECTIONS = 3;
const settings = { float32: { step: 1e-2, relative: 1e-2 }, float64: { step: 1e-5, relative: 1e-6 } } as const;

/**
 * Compares an operator's gradient rule with central differences along random directions, for each input and output.
 * A random cotangent is handed into the rule, so that a wrong rule fails here and nowhere else.
 */
export async function gradcheck(
  type: string,
  operands: readonly Operand[],
  attrs: Attributes = {},
  options: GradcheckOptions = {},
): Promise<void> {
  const { dtype = "float64", outputCount = 1 } = options;
  const list = process.env[GRADCHECK_LIST];
  if (list !== undefined) {
    const { operators: _, ...plain } = options;
    const check: RecordedCheck = { type, operands, attrs, options: plain };
    return appendFileSync(list, `${serialize(check).toString("base64")}\n`);
  }
  for (const output of options.outputs ?? Array.from({ length: outputCount }, (_, i) => i)) {
    await checkOutput(type, operands, attrs, { ...options, dtype }, output);
  }
}

async function checkOutput(
  type: string,
  operands: readonly Operand[],
  attrs: Attributes,
  options: GradcheckOptions & { readonly dtype: "float32" | "float64" },
  output: number,
): Promise<void> {
  const operators = withArityCheck(options.operators ?? standardOperators, type, options.domain);
  const forward = forwardGraph(type, operands, attrs, options, operators);
  const y = forward.outputs[output];
  assert(y, `${type} has no output ${output}`);
  const names = namesWithGradient(type, forward, y, options.withoutGradient ?? [], operators);
  const feeds = new Map(forward.inputs.map((v, i) => [v.name, draw(extents(v.shape, options), options, i)]));
  const dims = new Map(options.unbound ? [] : Object.entries(options.dims ?? {}));
  const target = { provider: options.provider ?? "cpu", dims } as const;
  const run = await loadGraph(lower(forward, target, operators));
  const at = await run(feeds);
  const seed = draw(
    at.get(y.name)?.shape ?? [],
    { ...options, draw: "any", dtype: y.dtype === "float64" ? "float64" : "float32" },
    100,
  );
  const backward = backwardGraph(forward, y, names, operators);
  // the seed is a graph input, so the extents of y must be known as well, whatever their names
  for (const [i, dim] of y.shape.entries())
    if (typeof dim === "string" && !options.unbound) dims.set(dim, seed.shape[i] ?? 1);
  const runBackward = await loadGraph(lower(backward, target, operators));
  const gradients = await runBackward(new Map([...feeds, ["seed", seed]]));
  for (const name of names) {
    const gradient = gradients.get(`d_${name}`);
    const x = feeds.get(name);
    assert(gradient && x);
    assert.deepEqual([...gradient.shape], [...x.shape], `the gradient of ${type} for ${name} has the wrong shape`);
    await compare({ run, feeds, name, y: y.name, seed, gradient, what: `${type} output ${output}` }, options.dtype);
  }
  await run.release();
  await runBackward.release();
}

interface Comparison {
  readonly run: LoadedGraph;
  readonly feeds: ReadonlyMap<string, TensorData>;
  readonly name: string;
  readonly y: string;
  readonly seed: TensorData;
  readonly gradient: TensorData;
  readonly what: string;
}

async function compare(
  { run, feeds, name, y, seed, gradient, what }: Comparison,
  dtype: "float32" | "float64",
): Promise<void> {
  const { step, relative } = settings[dtype];
  const x = feeds.get(name);
  assert(x);
  for (let k = 0; k < DIRECTIONS; k += 1) {
    const direction = numbers(x.data.length, 900 + k, (u) => 2 * u - 1);
    const moved = async (sign: number): Promise<Float64Array> => {
      const data = Array.from(x.data as Float32Array, (v, i) => v + sign * step * (direction[i] ?? 0));
      const result = await run(new Map([...feeds, [name, filled(dtype, x.shape, data)]]));
      return Float64Array.from(result.get(y)?.data as Float32Array);
    };
    const [after, before] = [await moved(1), await moved(-1)];
    const slope = after.reduce((sum, v, i) => sum + ((v - (before[i] ?? 0)) / (2 * step)) * Number(seed.data[i]), 0);
    const parts = direction.map((v, i) => v * Number(gradient.data[i]));
    const claimed = parts.reduce((sum, v) => sum + v, 0);
    const scale = Math.max(Math.abs(slope), Math.abs(claimed), Math.hypot(...parts), 1e-6);
    assert(
      Math.abs(slope - claimed) <= relative * scale,
      `${what}, gradient of ${name}: the rule says ${claimed}, differences say ${slope} (direction ${k})`,
    );
  }
}

/** The operator alone: its fed operands are x0, x1, ... and its outputs those of the graph. */
export function forwardGraph(
  type: string,
  operands: readonly Operand[],
  attrs: Attributes,
  { dtype = "float64", domain, outputCount = 1 }: GradcheckOptions,
  operators: Operators,
): Graph {
  const b = new GraphBuilder(operators);
  const inputs = operands.map((operand, i): Value | undefined => {
    if (operand === undefined) return undefined;
    return "dtype" in operand ? b.constant(operand, `c${i}`) : b.input(`x${i}`, dtype, operand);
  });
  return b.build(b.ops(type, inputs, attrs, { outputCount, ...(domain === undefined ? {} : { domain }) }));
}

/** `forward` and its backward pass from output `y`: the input `seed` is the gradient of y, the outputs are d_x0, d_x1, ... */
export function backwardGraph(forward: Graph, y: Value, names: readonly string[], operators: Operators): Graph {
  const seeded = new GraphBuilder(operators, forward);
  const seed = seeded.input("seed", y.dtype, y.shape);
  const { graph, gradients } = differentiate(seeded.build(forward.outputs), y, names, operators, seed);
  const b = new GraphBuilder(operators, checkGraph(graph));
  const outputs = names.map((name) => {
    const gradient = gradients.get(name);
    assert(gradient, `no gradient for ${name}`);
    return b.op("Identity", [gradient], {}, { outputs: [`d_${name}`] });
  });
  return b.build(outputs);
}

/** The floating inputs that must have a gradient, and have one. */
export function namesWithGradient(
  type: string,
  forward: Graph,
  y: Value,
  without: readonly number[],
  operators: Operators,
): readonly string[] {
  const floating = forward.inputs.filter((v) => isFloating(v.dtype)).map((v) => v.name);
  const expected = floating.filter((name) => !without.some((i) => name === `x${i}`));
  const found = floating.filter((name) => hasGradient(forward, name, operators, y));
  assert.deepEqual(found, expected, `the rule of ${type} has gradients for other inputs than it should`);
  assert(expected.length > 0, `${type} has no gradient for any input`);
  return expected;
}

/** Whether the rule offers a gradient for an input, or says null. */
function hasGradient(forward: Graph, name: string, operators: Operators, y: Value): boolean {
  try {
    backwardGraph(forward, y, [name], operators);
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("does not depend on it")) return false;
    throw error;
  }
}

/** The table with one rule wrapped: it must say something about each input. */
function withArityCheck(operators: Operators, type: string, domain?: string): Operators {
  const name = operatorKey(domain === undefined ? { op: type } : { op: type, domain });
  const operator = operators.get(name);
  assert(operator?.gradient, `${name} has no gradient rule`);
  const { gradient } = operator;
  return new Map([
    ...operators,
    [
      name,
      {
        ...operator,
        gradient: (g) => {
          const thunks = gradient(g);
          assert(thunks.length >= g.node.inputs.length, `${name} says nothing about input ${thunks.length}`);
          return thunks;
        },
      },
    ],
  ]);
}

/** A shape with its names bound. */
export function extents(shape: readonly Dim[], { dims = {} }: GradcheckOptions): readonly number[] {
  return shape.map((dim) => (typeof dim === "number" ? dim : (dims[dim] ?? 1)));
}

/** Numbers for an input, as the options say, always the same for the same stream. */
export function draw(
  shape: readonly number[],
  { draw: how = "any", dtype = "float64", seed = 1 }: GradcheckOptions,
  stream: number,
): TensorData {
  const count = sizeOf(shape);
  const u = numbers(count, seed * 1000 + stream, (v) => v);
  if (typeof how === "object")
    return filled(
      dtype,
      shape,
      u.map((v) => how[0] + v * (how[1] - how[0])),
    );
  const drawn = {
    any: (v: number) => 2 * v - 1,
    away: (v: number) => (v < 0.5 ? -0.1 - 1.8 * v : 0.1 + 1.8 * (v - 0.5)),
    positive: (v: number) => 0.5 + 1.5 * v,
    distinct: (v: number) => v,
  }[how];
  if (how !== "distinct") return filled(dtype, shape, u.map(drawn));
  // ranks, so that no two elements are closer than 0.05
  const order = u.map((v, i) => [v, i] as const).sort(([p], [q]) => p - q);
  const data = Array<number>(count).fill(0);
  for (const [rank, [, i]] of order.entries()) data[i] = (rank - count / 2 + 0.5) * 0.05;
  return filled(dtype, shape, data);
}

function numbers(count: number, stream: number, f: (u: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => f(uniform(7, stream, i)));
}

function filled(dtype: DType, shape: readonly number[], data: readonly number[]): TensorData {
  return tensor(dtype, shape, dtype === "float64" ? Float64Array.from(data) : Float32Array.from(data));
}
