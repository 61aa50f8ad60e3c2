import { ToolkitError } from "../errors.ts";
import { readAttributes } from "../graph/attributes.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { GRADIENT_DOMAIN, operatorKey, valuesByName } from "../graph/ir.ts";
import type { Dim, Graph, Node, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { declaredType } from "../graph/layout.ts";
import type { Layout } from "../graph/layout.ts";
import { renameValues } from "../graph/rename-values.ts";
import { formatShape } from "../graph/shape.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { foldShape } from "./fold-shape.ts";
import type { Formulation, Formulations, Site } from "./formulation.ts";
import { formulationNames, formulations } from "./formulations.ts";
import { blockOf } from "./formulations/blocked/blockable.ts";
import { fuseBlocked } from "./fuse-blocked.ts";
import { fuseScaledSums } from "./fuse-scaled-sums.ts";
import { inputLayouts } from "./input-layouts.ts";
import { LaidValues } from "./laid-values.ts";
import type { Laid } from "./laid-values.ts";
import { reluBeforeMaxPool } from "./relu-before-max-pool.ts";
import type { Target } from "./target.ts";

/** A graph in the operators of one target. */
export interface Lowered {
  readonly graph: Graph;
  /** How often each formulation was taken, by name; one that was taken nowhere is not listed. */
  readonly forms: ReadonlyMap<string, number>;
  /** The inputs that do not lie plain, and how they lie. The outputs that replace them lie alike. */
  readonly layouts: ReadonlyMap<string, Layout>;
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

/** The same as `lower`, with how it was done. */
export function lowerWithForms(
  graph: Graph,
  target: Target,
  operators: Operators = standardOperators,
  table: Formulations = formulations,
): Lowered {
  checkForced(target, table);
  const names = new Set(valuesByName(graph).keys());
  const b = new GraphBuilder(operators, undefined, names);
  const written = new LaidValues(b);
  const forms = new Map<string, number>();
  const { nodes } = trim(reluBeforeMaxPool(trim(graph)));
  const layouts = inputLayouts({ ...graph, nodes }, target);
  for (const v of graph.inputs) {
    const layout = layouts.get(v.name) ?? "plain";
    const { shape } = declaredType({ dtype: v.dtype, shape: bind(v.shape, target) }, layout);
    written.put(v.name, { value: b.input(v.name, v.dtype, shape), layout });
  }
  for (const [name, t] of graph.constants)
    if (!written.has(name)) written.put(name, { value: b.constant(t, name), layout: "plain" });
  for (const node of nodes) {
    const { values, form } = write(b, node, written, target, table);
    if (form !== undefined) forms.set(form, (forms.get(form) ?? 0) + 1);
    for (const [i, v] of node.outputs.entries()) {
      const value = values[i];
      if (value) written.put(v.name, "layout" in value ? value : { value, layout: "plain" });
    }
  }
  const outputLayouts = new Map(
    [target.state, target.alike].flatMap((outputs) =>
      [...layouts].map(([input, layout]) => [outputs?.get(input), layout]),
    ),
  );
  const made = graph.outputs.map((v) => written.get(v.name, outputLayouts.get(v.name) ?? "plain") ?? v);
  const restored = restoredNames(b, graph, made, written, names);
  const outputs = graph.outputs.map((v, i) => {
    const value = made[i] ?? v;
    // an output that is an input, a constant or another output as well needs a node that makes it under this name
    return (restored.get(value.name) ?? value.name) === v.name
      ? value
      : b.op("Identity", [value], {}, { outputs: [v.name] });
  });
  const whole = renameValues(trim(b.build(outputs)), restored);
  const block = blockOf({ target });
  return { graph: block > 0 ? fuseScaledSums(fuseBlocked(whole), block, operators) : whole, forms, layouts };
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

/** Without the nodes and constants that no output depends on. */
function trim(graph: Graph): Graph {
  const nodes = needed(graph.nodes, graph.outputs);
  const read = new Set([...graph.outputs, ...nodes.flatMap((node) => node.inputs)].map((v) => v?.name));
  return { ...graph, nodes, constants: new Map([...graph.constants].filter(([name]) => read.has(name))) };
}

function bind(shape: readonly Dim[], target: Target): readonly Dim[] {
  return shape.map((dim) => (typeof dim === "string" ? (target.dims.get(dim) ?? dim) : dim));
}

interface Written {
  readonly values: readonly (Value | Laid)[];
  /** The formulation that wrote them. */
  readonly form?: string;
}

function write(b: GraphBuilder, node: Node, written: LaidValues, target: Target, table: Formulations): Written {
  const site = siteOf(b, node, written, target);
  if (node.op === "Identity" && !node.domain)
    return { values: [{ value: site.x(0, site.made()), layout: site.made() }] };
  const laid = node.inputs.some((v) => v && written.layoutOf(v.name) !== "plain");
  const folded = node.domain === GRADIENT_DOMAIN || laid ? undefined : foldShape(b, site.node);
  if (folded) return { values: [folded] };
  const formulation = choose(table.get(operatorKey(node)) ?? [], site);
  if (formulation) return { values: formulation.write(site), form: formulation.name };
  if (node.domain !== GRADIENT_DOMAIN) return { values: b.copy(site.node) };
  const shapes = node.inputs.map((v) => formatShape((v && written.typeOf(v.name)?.shape) ?? [])).join(", ");
  throw new ToolkitError(
    "E_NOT_LOWERED",
    `Cannot write ${describe(node)} for ${target.provider}: no formulation serves inputs ${shapes}`,
    { hint: "give extents for the symbolic names it depends on" },
  );
}

/**
 * The forced formulation where it serves; else the first of those to choose among that serves and pays, or that serves; else of all the first that serves and pays.
 */
function choose(list: readonly Formulation[], site: Site): Formulation | undefined {
  const { forced, forms } = site.target;
  const serving = list.filter((f) => f.serves(site));
  const allowed = forms ? serving.filter(({ name }) => forms.has(name)) : [];
  const pays = (f: Formulation): boolean => f.pays?.(site) ?? true;
  return serving.find(({ name }) => name === forced) ?? allowed.find(pays) ?? allowed[0] ?? serving.find(pays);
}

function describe(node: Node): string {
  return node.name ? `${node.op} "${node.name}"` : node.op;
}

function siteOf(b: GraphBuilder, node: Node, written: LaidValues, target: Target): Site {
  const named = (i: number): string => {
    const v = node.inputs[i];
    if (!v) throw new ToolkitError("E_GRAPH", `Cannot lower ${describe(node)}: it has no input ${i}`);
    return v.name;
  };
  const known = <T>(found: T | undefined, i: number): T => {
    if (found !== undefined) return found;
    throw new ToolkitError("E_GRAPH", `Cannot lower ${describe(node)}: nothing makes its input "${named(i)}"`);
  };
  return {
    b,
    target,
    attrs: readAttributes(node.attrs, describe(node)),
    node: {
      ...node,
      get inputs() {
        return node.inputs.map((v) => v && written.get(v.name, "plain"));
      },
    },
    has: (i) => node.inputs[i] !== undefined,
    type: (i = 0) => known(written.typeOf(named(i)), i),
    made: (i = 0) => written.layoutOf(named(i)),
    x: (i = 0, layout = "plain") => known(written.get(named(i), layout), i),
  };
}

/** Made-up name -> the name the value had before, for what was written anew. Outputs come first where two names are one value now. */
function restoredNames(
  b: GraphBuilder,
  graph: Graph,
  outputs: readonly Value[],
  written: LaidValues,
  names: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const restored = new Map<string, string>();
  // an input that lies otherwise has its name already: its plain form needs another
  const taken = new Set(graph.inputs.map((v) => v.name));
  const made = graph.outputs.map((v, i) => [v.name, outputs[i] ?? v] as const);
  for (const [name, value] of [...made, ...written.made()]) {
    if (names.has(value.name) || restored.has(value.name) || taken.has(name) || b.constantOf(value)) continue;
    restored.set(value.name, name);
    taken.add(name);
  }
  return restored;
}
