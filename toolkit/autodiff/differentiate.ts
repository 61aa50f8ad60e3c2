import { errorCode, ToolkitError } from "../errors.ts";
import { readAttributes } from "../graph/attributes.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Node, Value } from "../graph/ir.ts";
import { operatorKey, valuesNamed } from "../graph/ir.ts";
import type { GradientInput, Operator, Operators } from "../graph/operator.ts";
import { reducedAxes } from "../graph/shape.ts";

export interface Differentiated {
  /** The graph with the nodes of the backward pass behind it; its outputs are those it had. */
  readonly graph: Graph;
  /** For each name asked for, the gradient of `output` with respect to it, in its shape. */
  readonly gradients: ReadonlyMap<string, Value>;
}

/**
 * Reverse-mode differentiation: appends to `graph` the nodes that compute d(output)/d(value) for every name in `wrt`
 * (Griewank and Walther, Evaluating Derivatives, chapter 3). Only what lies between `wrt` and `output` gets a backward node.
 *
 * `output` is a scalar, or `seed` gives the gradient that flows into it, in its shape.
 * @throws E_NO_GRADIENT where a needed operator has no rule, or where `output` does not depend on a name
 */
export function differentiate(
  graph: Graph,
  output: Value,
  wrt: readonly string[],
  operators: Operators,
  seed?: Value,
): Differentiated {
  const b = new GraphBuilder(operators, graph);
  const path = dependents(graph, wrt, operators);
  valuesNamed(graph, wrt);
  const gradients = new Map<string, Value>();
  if (path.has(output.name)) gradients.set(output.name, seed ?? onesFor(b, output));
  for (const node of graph.nodes.toReversed()) {
    const reached = node.outputs.some((v) => gradients.has(v.name));
    if (reached && node.outputs.some((v) => path.has(v.name))) propagate(b, node, gradients, path, operators);
  }
  const found = new Map<string, Value>();
  for (const name of wrt) {
    const gradient = gradients.get(name);
    if (!gradient) {
      throw new ToolkitError(
        "E_NO_GRADIENT",
        `Cannot differentiate "${output.name}" with respect to "${name}": it does not depend on it`,
        {
          hint: "train only parameters that the output uses",
        },
      );
    }
    found.set(name, gradient);
  }
  return { graph: b.build(graph.outputs), gradients: found };
}

/**
 * The nodes that stand between the parameters `wrt` and `output` and have no gradient rule, or one that refuses them (a diagonal in Einsum):
 * what training checks first.
 */
export function withoutGradient(
  graph: Graph,
  output: Value,
  wrt: readonly string[],
  operators: Operators,
): readonly Node[] {
  const path = dependents(graph, wrt, operators);
  const needed = new Set([output.name]);
  const missing: Node[] = [];
  const b = new GraphBuilder(operators, graph);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((v) => needed.has(v.name) && path.has(v.name))) continue;
    if (refuses(b, node, path, operators)) missing.push(node);
    for (const v of node.inputs) if (v && path.has(v.name)) needed.add(v.name);
  }
  return missing.toReversed();
}

/** Whether a node's rule is missing or throws E_NO_GRADIENT; whatever else it may throw is told by `differentiate`. */
function refuses(b: GraphBuilder, node: Node, path: ReadonlySet<string>, operators: Operators): boolean {
  const seeds = new Map(node.outputs.map((v) => [v.name, b.input(b.fresh("seed"), v.dtype, v.shape)]));
  try {
    const thunks = ruleOf(node, operators)(gradientInput(b, node, seeds));
    for (const [i, thunk] of thunks.entries()) if (path.has(node.inputs[i]?.name ?? "")) thunk?.();
    return false;
  } catch (error) {
    return errorCode(error) === "E_NO_GRADIENT";
  }
}

/** Names of the values that depend on `wrt` through operators whose gradient is not zero by definition. */
function dependents(graph: Graph, wrt: readonly string[], operators: Operators): ReadonlySet<string> {
  const path = new Set(wrt);
  for (const node of graph.nodes) {
    if (operators.get(operatorKey(node))?.gradient === null) continue;
    if (node.inputs.some((v) => v && path.has(v.name))) for (const v of node.outputs) path.add(v.name);
  }
  return path;
}

function propagate(
  b: GraphBuilder,
  node: Node,
  gradients: Map<string, Value>,
  path: ReadonlySet<string>,
  operators: Operators,
): void {
  const thunks = ruleOf(node, operators)(gradientInput(b, node, gradients));
  for (const [i, thunk] of thunks.entries()) {
    const input = node.inputs[i];
    if (thunk && input && path.has(input.name)) accumulate(b, gradients, input, thunk());
  }
}

function ruleOf(node: Node, operators: Operators): NonNullable<Operator["gradient"]> {
  const rule = operators.get(operatorKey(node))?.gradient;
  if (rule) return rule;
  const at = node.outputs[0]?.name ?? "";
  throw new ToolkitError(
    "E_NO_GRADIENT",
    `Cannot differentiate through ${describe(node)}: no gradient rule is written for it`,
    {
      hint: `freeze everything up to "${at}", or hand in a table with a rule for ${operatorKey(node)}`,
    },
  );
}

function gradientInput(b: GraphBuilder, node: Node, gradients: ReadonlyMap<string, Value>): GradientInput {
  const need = (v: Value | undefined, what: string): Value => {
    if (v) return v;
    throw new ToolkitError("E_GRAPH", `Cannot differentiate ${describe(node)}: it has no ${what}`);
  };
  return {
    b,
    node,
    attrs: readAttributes(node.attrs, describe(node)),
    x: (i = 0) => need(node.inputs[i], `input ${i}`),
    y: (i = 0) => need(node.outputs[i], `output ${i}`),
    dy(i = 0) {
      const y = need(node.outputs[i], `output ${i}`);
      return gradients.get(y.name) ?? b.op("Mul", [y, b.scalar(0, y.dtype)]);
    },
  };
}

/** Adds a contribution to the gradient of `input`, after summing it over the axes in which the forward operator broadcast it. */
function accumulate(b: GraphBuilder, gradients: Map<string, Value>, input: Value, contribution: Value): void {
  const shaped = sumTo(b, contribution, input);
  const before = gradients.get(input.name);
  gradients.set(input.name, before ? b.op("Add", [before, shaped]) : shaped);
}

function sumTo(b: GraphBuilder, gradient: Value, input: Value): Value {
  const axes = reducedAxes(gradient.shape, input.shape);
  if (axes.length === 0) return gradient;
  const extra = gradient.shape.length - input.shape.length;
  const summed = b.op("ReduceSum", [gradient, b.ints(axes)], { keepdims: 1 });
  return extra === 0 ? summed : b.op("Squeeze", [summed, b.ints(Array.from({ length: extra }, (_, i) => i))]);
}

function onesFor(b: GraphBuilder, output: Value): Value {
  if (output.shape.length > 0) {
    throw new ToolkitError("E_GRAPH", `Cannot differentiate "${output.name}": it is no scalar, and no seed was given`);
  }
  return b.scalar(1, output.dtype);
}

function describe(node: Node): string {
  return node.name ? `${node.op} "${node.name}"` : node.op;
}
