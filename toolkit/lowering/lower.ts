import { ToolkitError } from "../errors.ts";
import { readAttributes } from "../graph/attributes.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { GRADIENT_DOMAIN, operatorKey, valuesByName } from "../graph/ir.ts";
import type { Dim, Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { formatShape } from "../graph/shape.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { foldShape } from "./fold-shape.ts";
import type { Formulation, Formulations, Site } from "./formulation.ts";
import { formulationNames, formulations } from "./formulations.ts";
import type { Target } from "./target.ts";

/** A graph in the operators of one target, and how often each formulation was taken. */
export interface Lowered {
  readonly graph: Graph;
  /** By name; one that was taken nowhere is not listed. */
  readonly forms: ReadonlyMap<string, number>;
}

/**
 * Writes a graph for one target: binds symbolic extents, folds what then is known about shapes, and replaces each gradient operator
 * by the first of its formulations that serves the node and pays. Inputs, outputs and kept values keep their names; what no output needs is left out.
 * @throws E_NOT_LOWERED where no formulation serves a gradient operator; E_SETTING where the target forces one that is not in the table
 */
export function lower(
  graph: Graph,
  target: Target,
  operators: Operators = standardOperators,
  table: Formulations = formulations,
): Graph {
  return lowerWithForms(graph, target, operators, table).graph;
}

/** The same as `lower`, and which formulations it took. */
export function lowerWithForms(
  graph: Graph,
  target: Target,
  operators: Operators = standardOperators,
  table: Formulations = formulations,
): Lowered {
  checkForced(target, table);
  const names = new Set(valuesByName(graph).keys());
  const b = new GraphBuilder(operators, undefined, names);
  const written = new Map<string, Value>();
  const forms = new Map<string, number>();
  for (const v of graph.inputs) written.set(v.name, b.input(v.name, v.dtype, bind(v.shape, target)));
  for (const [name, t] of graph.constants) if (!written.has(name)) written.set(name, b.constant(t, name));
  for (const node of needed(graph.nodes, graph.outputs)) {
    const inputs = node.inputs.map((v) => v && written.get(v.name));
    const { values, form } = write(b, { ...node, inputs }, target, table);
    if (form !== undefined) forms.set(form, (forms.get(form) ?? 0) + 1);
    for (const [i, v] of node.outputs.entries()) {
      const value = values[i];
      if (value) written.set(v.name, value);
    }
  }
  const restored = restoredNames(b, graph, written, names);
  const outputs = graph.outputs.map((v) => {
    const value = written.get(v.name) ?? v;
    // an output that is an input, a constant or another output as well needs a node that makes it under this name
    return (restored.get(value.name) ?? value.name) === v.name
      ? value
      : b.op("Identity", [value], {}, { outputs: [v.name] });
  });
  return { graph: rename(trim(b.build(outputs)), restored), forms };
}

function checkForced({ forced }: Target, table: Formulations): void {
  const names = formulationNames(table);
  if (forced === undefined || names.includes(forced)) return;
  throw new ToolkitError("E_SETTING", `Cannot force the formulation "${forced}": there is none of this name`, {
    hint: `they are ${names.join(", ")}`,
  });
}

/** The nodes that `outputs` depend on. */
function needed(nodes: readonly Node[], outputs: readonly Value[]): readonly Node[] {
  const wanted = new Set(outputs.map((v) => v.name));
  const kept = nodes.toReversed().filter((node) => {
    if (!node.outputs.some((v) => wanted.has(v.name))) return false;
    for (const v of node.inputs) if (v) wanted.add(v.name);
    return true;
  });
  return kept.toReversed();
}

function trim(graph: Graph): Graph {
  const nodes = needed(graph.nodes, graph.outputs);
  const read = new Set([...graph.outputs, ...nodes.flatMap((node) => node.inputs)].map((v) => v?.name));
  return { ...graph, nodes, constants: new Map([...graph.constants].filter(([name]) => read.has(name))) };
}

function bind(shape: readonly Dim[], target: Target): readonly Dim[] {
  return shape.map((dim) => (typeof dim === "string" ? (target.dims.get(dim) ?? dim) : dim));
}

interface Written {
  readonly values: readonly Value[];
  /** The formulation that wrote them. */
  readonly form?: string;
}

function write(b: GraphBuilder, node: Node, target: Target, table: Formulations): Written {
  if (node.domain === GRADIENT_DOMAIN) return formulate(b, node, target, table);
  const folded = foldShape(b, node);
  return { values: folded ? [folded] : b.copy(node) };
}

/** The forced formulation where it serves, else the first that serves and pays. */
function choose(list: readonly Formulation[], site: Site): Formulation | undefined {
  const forced = list.find((f) => f.name === site.target.forced && f.serves(site));
  return forced ?? list.find((f) => f.serves(site) && (f.pays?.(site) ?? true));
}

function formulate(b: GraphBuilder, node: Node, target: Target, table: Formulations): Written {
  const where = node.name ? `${node.op} "${node.name}"` : node.op;
  const x = (i = 0): Value => {
    const v = node.inputs[i];
    if (!v) throw new ToolkitError("E_GRAPH", `Cannot lower ${where}: it has no input ${i}`);
    return v;
  };
  const site: Site = { b, node, target, attrs: readAttributes(node.attrs, where), x };
  const formulation = choose(table.get(operatorKey(node)) ?? [], site);
  if (formulation) return { values: formulation.write(site), form: formulation.name };
  const shapes = node.inputs.map((v) => formatShape(v?.shape ?? [])).join(", ");
  throw new ToolkitError(
    "E_NOT_LOWERED",
    `Cannot write ${where} for ${target.provider}: no formulation serves inputs ${shapes}`,
    {
      hint: "give extents for the symbolic names it depends on",
    },
  );
}

/** Made-up name -> the name the value had before, for what was written anew. Outputs come first where two names are one value now. */
function restoredNames(
  b: GraphBuilder,
  graph: Graph,
  written: ReadonlyMap<string, Value>,
  names: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const restored = new Map<string, string>();
  for (const name of [...graph.outputs.map((v) => v.name), ...written.keys()]) {
    const value = written.get(name);
    if (value && !names.has(value.name) && !restored.has(value.name) && !b.constantOf(value))
      restored.set(value.name, name);
  }
  return restored;
}

function rename(graph: Graph, names: ReadonlyMap<string, string>): Graph {
  const renamed = (v: Value): Value => {
    const name = names.get(v.name);
    return name === undefined ? v : { ...v, name };
  };
  return {
    ...graph,
    outputs: graph.outputs.map(renamed),
    nodes: graph.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map((v) => v && renamed(v)),
      outputs: node.outputs.map(renamed),
    })),
  };
}
