import type { Formulations } from "./formulation.ts";
import { averagePoolGradient } from "./formulations/average-pool-gradient.ts";
import { batchNormalizationGradient, batchNormalizationTraining } from "./formulations/batch-normalization.ts";
import { concatGradient } from "./formulations/concat-gradient.ts";
import { convInputGradient } from "./formulations/conv-input-gradient.ts";
import { convWeightGradient } from "./formulations/conv-weight-gradient.ts";
import { expandLike, reshapeLike } from "./formulations/like.ts";
import { maxPoolGradient } from "./formulations/max-pool-gradient.ts";
import { movedGradient } from "./formulations/moved-gradient.ts";
import { reluGradient } from "./formulations/relu-gradient.ts";
import { resizeGradient } from "./formulations/resize-gradient.ts";
import { sliceGradient } from "./formulations/slice-gradient.ts";
import { tileGradient } from "./formulations/tile-gradient.ts";

/** The ways to write each gradient operator, best first: the first that serves a node and pays there is taken. */
export const formulations: Formulations = new Map([
  ["onnx-graft.AveragePoolGradient", averagePoolGradient],
  ["onnx-graft.BatchNormalizationGradient", batchNormalizationGradient],
  ["onnx-graft.BatchNormalizationTraining", batchNormalizationTraining],
  ["onnx-graft.ConcatGradient", concatGradient],
  ["onnx-graft.ConvInputGradient", convInputGradient],
  ["onnx-graft.ConvWeightGradient", convWeightGradient],
  ["onnx-graft.ExpandLike", expandLike],
  ["onnx-graft.MaxPoolGradient", maxPoolGradient],
  ["onnx-graft.MovedGradient", movedGradient],
  ["onnx-graft.ReluGradient", reluGradient],
  ["onnx-graft.ReshapeLike", reshapeLike],
  ["onnx-graft.ResizeGradient", resizeGradient],
  ["onnx-graft.SliceGradient", sliceGradient],
  ["onnx-graft.TileGradient", tileGradient],
]);

/** The names of all formulations in a table, in its order. */
export function formulationNames(table: Formulations = formulations): readonly string[] {
  return [...table.values()].flatMap((list) => list.map(({ name }) => name));
}
