import type { Graph, Node, Value } from "../../toolkit/graph/ir.ts";
import { fillUniform } from "../../toolkit/graph/random.ts";
import { float32, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { checkLayouts } from "../../toolkit/lowering/check-layouts.ts";
import { lowerWithForms } from "../../toolkit/lowering/lower.ts";
import { norm } from "../goldens/relative-error.ts";
import { runLowered } from "./blocked.ts";
import type { RandomNetwork } from "./random-network.ts";

/** Of the norm: what the order of sums may change. */
const TOLERANCE = 1e-5;
/**
 * Some networks lose digits in any form: a norm over few pixels, a term that a mean takes away again. So many times what the plain form moves by where each of its
 * operators is off by its last bits is allowed as well.
 */
const MARGIN = 10;
const LAST_BITS = 2 ** -22;

/** What the blocked form of a network comes to. */
export interface Comparison {
  /** The outputs that differ from the plain form's, and by how much. */
  readonly differences: readonly string[];
  /** How often each formulation was taken. */
  readonly forms: ReadonlyMap<string, number>;
}

/** Lowers a network both ways, checks the layouts, runs both and compares all outputs. `laid` says that its filters lie as blocks suit them. */
export async function compareForms(
  { graph, feeds, state }: RandomNetwork,
  { block, laid }: { readonly block: number; readonly laid: boolean },
): Promise<Comparison> {
  const target = { provider: "cpu", dims: new Map<string, number>() } as const;
  const plain = lowerWithForms(graph, target);
  const blocked = lowerWithForms(graph, { ...target, blockSize: block, ...(laid ? { state } : {}) });
  checkLayouts(blocked.graph, { layouts: blocked.layouts, state });
  const expected = await runLowered(plain, feeds, { block: 0 });
  const actual = await runLowered(blocked, feeds, { block, state });
  const shaken = await runLowered({ ...plain, graph: shake(plain.graph) }, feeds, { block: 0 });
  const differences = [...expected].flatMap(([name, t]) => {
    const size = norm(toNumbers(t));
    const allowed = Math.max(TOLERANCE * size, MARGIN * distance(shaken.get(name), t));
    const apart = distance(actual.get(name), t);
    return apart <= allowed ? [] : [`${name} is ${apart} from its plain form of norm ${size}, allowed is ${allowed}`];
  });
  return { differences, forms: blocked.forms };
}

/** The norm of the difference. */
function distance(actual: TensorData | undefined, expected: TensorData): number {
  if (!actual || actual.shape.join() !== expected.shape.join()) return Infinity;
  const values = toNumbers(actual);
  return norm(toNumbers(expected).map((v, i) => v - (values[i] ?? 0)));
}

/** The graph with every result multiplied by numbers that are 1 but for their last bits. */
function shake(graph: Graph): Graph {
  const constants = new Map(graph.constants);
  const nodes = graph.nodes.flatMap((node, stream): readonly Node[] => {
    const [y] = node.outputs;
    if (!y || node.outputs.length > 1 || y.dtype !== "float32") return [node];
    const noise = fillUniform(sizeOf(y.shape as readonly number[]), 1, stream, -LAST_BITS, LAST_BITS);
    const factors = float32(
      y.shape as readonly number[],
      noise.map((v) => 1 + v),
    );
    const name = `${y.name}/bits`;
    constants.set(name, factors);
    const exact: Value = { ...y, name: `${y.name}/exact` };
    return [
      { ...node, outputs: [exact] },
      { op: "Mul", inputs: [exact, { ...y, name }], outputs: [y], attrs: {} },
    ];
  });
  return { ...graph, constants, nodes };
}
