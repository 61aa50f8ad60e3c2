import { consumers, producers } from "../../graph/ir.ts";
import type { Attributes, Graph, Node, Value } from "../../graph/ir.ts";

/**
 * Writes MatMul(x, W) + bias of matrices as one Gemm, and a Transpose of a constant weight in front of a product as `transB`:
 * so that heads look alike and weights keep their names and orientation.
 */
export function gemmHeads(graph: Graph): Graph {
  const makers = producers(graph);
  const readers = consumers(graph);
  const outputs = new Set(graph.outputs.map((v) => v.name));
  const merged = new Set<string>();
  const productFor = (v: Value | undefined): Node | undefined => {
    const product = v && makers.get(v.name);
    const alone = v && readers.get(v.name)?.length === 1 && !outputs.has(v.name);
    return product && alone && isProduct(product) ? product : undefined;
  };
  const nodes = graph.nodes.map((node) => {
    if (isProduct(node)) return asGemm(node, undefined, graph, makers) ?? node;
    if (node.op !== "Add" || node.domain) return node;
    const [a, b] = node.inputs;
    for (const [sum, bias] of [
      [a, b],
      [b, a],
    ]) {
      const product = productFor(sum);
      const gemm = product && bias && isBias(bias, product, graph) ? asGemm(product, bias, graph, makers) : undefined;
      if (!gemm || !product) continue;
      merged.add(product.outputs[0]?.name ?? "");
      return { ...gemm, outputs: node.outputs, ...nameOf(product, node) };
    }
    return node;
  });
  return { ...graph, nodes: nodes.filter((node) => !merged.has(node.outputs[0]?.name ?? "")) };
}

/** A product of matrices without a bias. */
function isProduct(node: Node): boolean {
  if (node.domain || node.inputs[0]?.shape.length !== 2 || node.inputs[1]?.shape.length !== 2) return false;
  return node.op === "MatMul" || (node.op === "Gemm" && !node.inputs[2]);
}

function isBias(bias: Value, product: Node, graph: Graph): boolean {
  const columns = product.outputs[0]?.shape[1];
  const fits =
    bias.shape.at(-1) === columns && bias.shape.slice(0, -1).every((dim) => dim === 1) && bias.shape.length <= 2;
  return fits && graph.constants.has(bias.name);
}

/** The product as Gemm; undefined where that would change nothing: a MatMul with its weight as it lies, without a bias. */
function asGemm(
  product: Node,
  bias: Value | undefined,
  graph: Graph,
  makers: ReadonlyMap<string, Node>,
): Node | undefined {
  const [x, w] = product.inputs;
  const weight = w && (turned(w, makers) ?? w);
  if (!x || !w || !weight || !graph.constants.has(weight.name) || (!bias && weight === w)) return undefined;
  const transB = Number(product.attrs["transB"] === 1) ^ Number(weight !== w);
  const attrs: Attributes = { ...product.attrs, ...(transB ? { transB: 1 } : { transB: 0 }) };
  return { ...product, op: "Gemm", inputs: bias ? [x, weight, bias] : [x, weight], attrs };
}

/** What a Transpose of a matrix transposes. */
function turned(w: Value, makers: ReadonlyMap<string, Node>): Value | undefined {
  const maker = makers.get(w.name);
  return maker?.op === "Transpose" && !maker.domain && maker.inputs[0]?.shape.length === 2
    ? maker.inputs[0]
    : undefined;
}

function nameOf(product: Node, add: Node): { readonly name?: string } {
  const name = product.name ?? add.name;
  return name === undefined ? {} : { name };
}
