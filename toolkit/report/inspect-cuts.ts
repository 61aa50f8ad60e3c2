import type { Dim, Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { sizeOf } from "../graph/tensor.ts";
import { atPictureSize } from "../passes/at-picture-size.ts";
import { cut } from "../passes/cut.ts";
import { segmentsOf } from "../passes/find-cuts.ts";
import type { Head } from "../passes/find-head.ts";
import { parametersOf } from "../passes/parameters.ts";
import { stageCuts } from "../passes/stage-cuts.ts";
import { multiplyAdds } from "./multiply-adds.ts";

/** A place to cut a network between a frozen part and one that is trained. */
export interface InspectedCut {
  /** The value that is cached there, and its extents for one photo. */
  readonly value: string;
  readonly shape: readonly Dim[];
  /** How many of the last stages are trained where training begins here; 0 for the head alone, null within a stage. */
  readonly unfreeze: number | null;
  /** Shares of all weights, and of all multiplications, that lie behind it. */
  readonly parameterShare: number;
  readonly multiplyAddShare: number;
}

/** The cut points of a network up to its head, from the stem on; one for each part that has weights. */
export function inspectCuts(graph: Graph, head: Head, sizePx: number, operators: Operators): readonly InspectedCut[] {
  const whole = cut(atPictureSize(graph, sizePx, operators), { outputs: [head.logits.name] });
  const feature = (head.map ?? head.feature).name;
  const stages = stageCuts(cut(whole, { outputs: [feature] }), operators).map((point) => point.value.name);
  const end = whole.nodes.findIndex((node) => node.outputs.some((v) => v.name === feature));
  const total = costOf(whole, whole, operators);
  return segmentsOf(whole, operators).flatMap(({ start }) => {
    if (!start || start.index > end) return [];
    const { name, shape } = start.value;
    const behind = costOf(cut(whole, { inputs: [name], outputs: [head.logits.name] }), whole, operators);
    const stage = stages.indexOf(name);
    return {
      value: name,
      shape: shape.slice(1),
      unfreeze: stage >= 0 ? stage + 1 : start.index === end ? 0 : null,
      parameterShare: behind.parameters / total.parameters,
      multiplyAddShare: behind.multiplyAdds / total.multiplyAdds,
    };
  });
}

interface Cost {
  readonly parameters: number;
  readonly multiplyAdds: number;
}

function costOf(part: Graph, whole: Graph, operators: Operators): Cost {
  const learnt = parametersOf(whole, operators).filter((name) => part.constants.has(name));
  const onePhoto = part.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((v) => v && { ...v, shape: onePicture(v.shape) }),
    outputs: node.outputs.map((v) => ({ ...v, shape: onePicture(v.shape) })),
  }));
  return {
    parameters: learnt.reduce((sum, name) => sum + sizeOf(whole.constants.get(name)?.shape ?? [0]), 0),
    multiplyAdds: onePhoto.reduce((sum, node) => sum + multiplyAdds(node), 0),
  };
}

function onePicture(shape: readonly Dim[]): readonly Dim[] {
  return shape.map((dim) => (dim === "N" ? 1 : dim));
}
