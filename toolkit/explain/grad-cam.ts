import { differentiate } from "../autodiff/differentiate.ts";
import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import type { Graph, Value } from "../graph/ir.ts";
import { producers, valueNamed } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { cut } from "../passes/cut.ts";
import { findHead } from "../passes/find-head.ts";

/** Names of what a Grad-CAM graph has beside the picture. */
export const GRAD_CAM = { chosen: "grad-cam/chosen", logits: "grad-cam/logits", heat: "grad-cam/heat" } as const;

export interface GradCam {
  /**
   * Takes the pictures [N,3,H,W] and `chosen` [N,K], 1 at the class that is asked about; gives the `logits` [N,K] and the `heat` [N,h,w]: 0 and more, in no unit,
   * for the places of the map.
   */
  readonly graph: Graph;
  /** The map that is looked at. */
  readonly layer: string;
  /** Its rows and columns. */
  readonly size: readonly [rows: number, columns: number];
}

/**
 * Where in a picture a classifier sees a class: heat = relu(sum over k of a_k A_k), where A_k are the channels of the last map and a_k is the mean over the places of
 * the gradient of the class's logit with respect to A_k (Selvaraju et al., Grad-CAM, 2017). `graph` is a network for pictures of a known size.
 * @throws E_NO_HEAD; E_NO_VALUE where `layer` is no map, or the network has none; E_NO_GRADIENT where what stands behind the map cannot be differentiated
 */
export function gradCam(graph: Graph, layer?: string, operators: Operators = standardOperators): GradCam {
  const { logits } = findHead(graph);
  const forward = cut(graph, { outputs: [logits.name] });
  const map = layer === undefined ? lastMap(forward) : valueNamed(forward, layer);
  const size = map && placesOf(map);
  if (!map || !size) throw noMap(map);
  const b = new GraphBuilder(operators, forward);
  const chosen = b.input(GRAD_CAM.chosen, "float32", logits.shape);
  const score = b.op("ReduceSum", [b.op("Mul", [logits, chosen])], { keepdims: 0 });
  const { graph: whole, gradients } = differentiate(b.build([logits]), score, [map.name], operators);
  const e = new GraphBuilder(operators, whole);
  const share = e.op("ReduceMean", [gradients.get(map.name)], { axes: [2, 3], keepdims: 1 });
  const sum = e.op("ReduceSum", [e.op("Mul", [share, map]), e.ints([1])], { keepdims: 0 });
  const heat = e.op("Relu", [sum], {}, { outputs: [GRAD_CAM.heat] });
  const answer = e.op("Identity", [logits], {}, { outputs: [GRAD_CAM.logits] });
  return { graph: e.build([answer, heat]), layer: map.name, size };
}

/** The last map of more than one place that a convolution stands in front of. */
function lastMap(graph: Graph): Value | undefined {
  const makers = producers(graph);
  const seen = new Set<string>();
  let last: Value | undefined;
  for (const node of graph.nodes) {
    const isFromConv = node.op === "Conv" || node.inputs.some((v) => v && seen.has(v.name));
    for (const v of isFromConv ? node.outputs : []) {
      seen.add(v.name);
      if (placesOf(v) && makers.has(v.name)) last = v;
    }
  }
  return last;
}

function placesOf({ shape }: Value): readonly [number, number] | undefined {
  const [, , rows, columns] = shape;
  if (shape.length !== 4 || typeof rows !== "number" || typeof columns !== "number") return undefined;
  return rows * columns > 1 ? [rows, columns] : undefined;
}

function noMap(asked: Value | undefined): ToolkitError {
  const what = asked ? `"${asked.name}" is no map` : "the network has no map";
  return new ToolkitError("E_NO_VALUE", `Cannot show where a class is seen: ${what} [N,C,H,W] of more than one place`, {
    hint: asked ? "name another layer; inspect MODEL lists them" : "only networks with convolutions can be asked",
  });
}
