import type { Formulation, Formulations } from "./formulation.ts";
import { averagePoolGradient } from "./formulations/average-pool-gradient.ts";
import { batchNormalizationGradient, batchNormalizationTraining } from "./formulations/batch-normalization.ts";
import { batchNormGradientForms, batchNormTrainingForms } from "./formulations/blocked/batch-normalization.ts";
import { convForms } from "./formulations/blocked/conv.ts";
import { convInputForms } from "./formulations/blocked/conv-input-gradient.ts";
import { convWeightForms } from "./formulations/blocked/conv-weight-gradient.ts";
import { elementwiseForms } from "./formulations/blocked/elementwise.ts";
import { maxPoolForms } from "./formulations/blocked/max-pool-gradient.ts";
import { inputPixelPairForms, pixelPairForms } from "./formulations/blocked/pixel-pairs.ts";
import { poolForms } from "./formulations/blocked/pools.ts";
import { reductionForms } from "./formulations/blocked/reductions.ts";
import { reluForms } from "./formulations/blocked/relu-gradient.ts";
import { concatGradient } from "./formulations/concat-gradient.ts";
import { convInputGradient } from "./formulations/conv-input-gradient.ts";
import { convWeightGradient } from "./formulations/conv-weight-gradient.ts";
import { expandLike, reshapeLike } from "./formulations/like.ts";
import { maxPoolGradient } from "./formulations/max-pool-gradient.ts";
import { movedGradient } from "./formulations/moved-gradient.ts";
import { celu, selu, shrink, softsign } from "./formulations/plain/activations.ts";
import { compress, compressGradient } from "./formulations/plain/compress.ts";
import { einsum } from "./formulations/plain/einsum.ts";
import { hardmax } from "./formulations/plain/hardmax.ts";
import { logSoftmax } from "./formulations/plain/log-softmax.ts";
import { globalLpPool, lpPool } from "./formulations/plain/lp-pool.ts";
import { lrn } from "./formulations/plain/lrn.ts";
import { pow } from "./formulations/plain/pow.ts";
import { reverseSequence } from "./formulations/plain/reverse-sequence.ts";
import { sign } from "./formulations/plain/sign.ts";
import { slice } from "./formulations/plain/slice.ts";
import { spaceToDepth } from "./formulations/plain/space-to-depth.ts";
import { mean } from "./formulations/plain/mean.ts";
import { reluGradient } from "./formulations/relu-gradient.ts";
import { resizeGradient } from "./formulations/resize-gradient.ts";
import { sliceGradient } from "./formulations/slice-gradient.ts";
import { tileGradient } from "./formulations/tile-gradient.ts";

/** The ways to write each operator, best first: the first that serves a node and pays there is taken. Those on blocked pictures come before the plain ones. */
export const formulations: Formulations = new Map<string, readonly Formulation[]>([
  ...elementwiseForms,
  ["Pow", [...(elementwiseForms.get("Pow") ?? []), ...pow]],
  ["Sign", [...(elementwiseForms.get("Sign") ?? []), ...sign]],
  ...poolForms,
  ...reductionForms,
  ["Celu", celu],
  ["Compress", compress],
  ["Conv", [...pixelPairForms, ...convForms]],
  ["Einsum", einsum],
  ["GlobalLpPool", globalLpPool],
  ["Hardmax", hardmax],
  ["LRN", lrn],
  ["LogSoftmax", logSoftmax],
  ["LpPool", lpPool],
  ["Mean", mean],
  ["ReverseSequence", reverseSequence],
  ["Selu", selu],
  ["Shrink", shrink],
  ["Slice", slice],
  ["Softsign", softsign],
  ["SpaceToDepth", spaceToDepth],
  ["onnx-graft.AveragePoolGradient", averagePoolGradient],
  ["onnx-graft.BatchNormalizationGradient", [...batchNormGradientForms, ...batchNormalizationGradient]],
  ["onnx-graft.BatchNormalizationTraining", [...batchNormTrainingForms, ...batchNormalizationTraining]],
  ["onnx-graft.ConcatGradient", concatGradient],
  ["onnx-graft.ConvInputGradient", [...inputPixelPairForms, ...convInputForms, ...convInputGradient]],
  ["onnx-graft.ConvWeightGradient", [...convWeightForms, ...convWeightGradient]],
  ["onnx-graft.ExpandLike", expandLike],
  ["onnx-graft.MaxPoolGradient", [...maxPoolForms, ...maxPoolGradient]],
  ["onnx-graft.MovedGradient", [...compressGradient, ...movedGradient]],
  ["onnx-graft.ReluGradient", [...reluForms, ...reluGradient]],
  ["onnx-graft.ReshapeLike", reshapeLike],
  ["onnx-graft.ResizeGradient", resizeGradient],
  ["onnx-graft.SliceGradient", sliceGradient],
  ["onnx-graft.TileGradient", tileGradient],
]);

/** The names of all formulations in a table, in its order. */
export function formulationNames(table: Formulations = formulations): readonly string[] {
  return [...new Set([...table.values()].flatMap((list) => list.map(({ name }) => name)))];
}
