import { sizeOf } from "../graph/tensor.ts";
import type { Graph } from "../graph/ir.ts";
import { atPictureSize } from "../passes/at-picture-size.ts";
import { chooseCut } from "../passes/choose-cut.ts";
import { cut } from "../passes/cut.ts";
import { parametersOf } from "../passes/parameters.ts";
import type { Settings } from "./settings.ts";
import type { Student } from "./student.ts";

/** A network in two: what is frozen, and the part behind it that is trained. */
export interface PartialCut {
  /** The value between the two, and its extents for one photo. */
  readonly value: string;
  readonly shape: readonly number[];
  /** The part from the value to the logits, for pictures of the settings' size. */
  readonly tail: Graph;
  /** Share of the network's weights that are trained. */
  readonly trainedShare: number;
}

/**
 * Where the settings cut a network.
 * @throws E_SETTING where there is no such place, E_SHAPE
 */
export function partialCut(student: Student, { sizePx, trainFrom, unfreeze }: Settings): PartialCut {
  const { graph, features, logits, operators } = student;
  const sized = atPictureSize(graph, sizePx, operators);
  const { value } = chooseCut(
    sized,
    {
      features,
      ...(trainFrom === undefined ? {} : { trainFrom }),
      ...(unfreeze === undefined ? {} : { unfreeze }),
    },
    operators,
  );
  const tail = cutAt(sized, value.name, logits);
  const count = (names: readonly string[]): number =>
    names.reduce((sum, name) => sum + sizeOf(graph.constants.get(name)?.shape ?? [0]), 0);
  const weights = parametersOf(graph, operators);
  return {
    value: value.name,
    shape: value.shape.slice(1).map(Number),
    tail,
    trainedShare: count(weights.filter((name) => tail.constants.has(name))) / count(weights),
  };
}

/** The same part of the network as it is now: its BatchNormalization may have been restored since. */
export function tailOf(student: Student, { value }: PartialCut, { sizePx }: Settings): Student {
  const sized = atPictureSize(student.graph, sizePx, student.operators);
  return { ...student, graph: cutAt(sized, value, student.logits), input: value };
}

function cutAt(graph: Graph, value: string, logits: string): Graph {
  return cut(graph, { inputs: [value], outputs: [logits] });
}
