import { operatorTable } from "../graph/operator.ts";
import type { Operators } from "../graph/operator.ts";
import { add, div, mul, pow, sub } from "./arithmetic.ts";
import { averagePool } from "./average-pool.ts";
import { batchNormalization, batchNormalizationTraining } from "./batch-normalization.ts";
import { blockedOperators } from "./blocked.ts";
import { cast } from "./cast.ts";
import { clip } from "./clip.ts";
import { and, equal, greater, greaterOrEqual, isInf, isNaN, less, lessOrEqual, not, or, xor } from "./compare.ts";
import { compress } from "./compress.ts";
import { concat, split } from "./concat.ts";
import { convTranspose } from "./conv-transpose.ts";
import { conv } from "./conv.ts";
import { cumSum } from "./cum-sum.ts";
import { depthToSpace, spaceToDepth } from "./depth-to-space.ts";
import { einsum } from "./einsum.ts";
import { expand, tile } from "./expand.ts";
import { gather, gatherElements, gatherND } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { globalAveragePool, globalMaxPool } from "./global-pool.ts";
import { batchNormalizationGradient } from "./gradients/batch-normalization.ts";
import { concatGradient } from "./gradients/concat.ts";
import { convInputGradient, convWeightGradient } from "./gradients/conv.ts";
import { expandLike, reshapeLike } from "./gradients/like.ts";
import { movedGradient } from "./gradients/moved.ts";
import { averagePoolGradient, maxPoolGradient } from "./gradients/pool.ts";
import { reluGradient } from "./gradients/relu.ts";
import { resizeGradient } from "./gradients/resize.ts";
import { sliceGradient } from "./gradients/slice.ts";
import { tileGradient } from "./gradients/tile.ts";
import { hardSigmoid, hardSwish } from "./hard-sigmoid.ts";
import { dropout, identity } from "./identity.ts";
import { instanceNormalization } from "./instance-normalization.ts";
import { layerNormalization } from "./layer-normalization.ts";
import { celu, elu, leakyRelu, pRelu, selu } from "./leaky-relu.ts";
import { lpNormalization } from "./lp-normalization.ts";
import { globalLpPool, lpPool } from "./lp-pool.ts";
import { lrn } from "./lrn.ts";
import { fusedMatMul, matMul } from "./mat-mul.ts";
import { maxPool } from "./max-pool.ts";
import { max, min } from "./min-max.ts";
import { mod } from "./mod.ts";
import { pad } from "./pad.ts";
import {
  argMax,
  argMin,
  reduceL1,
  reduceL2,
  reduceLogSum,
  reduceLogSumExp,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceProd,
  reduceSum,
  reduceSumSquare,
} from "./reduce.ts";
import { relu } from "./relu.ts";
import { flatten, reshape } from "./reshape.ts";
import { resize } from "./resize.ts";
import { reverseSequence } from "./reverse-sequence.ts";
import { ceil, floor, round, sign } from "./rounding.ts";
import { scatterElements, scatterND } from "./scatter.ts";
import { constantOfShape, eyeLike, nonZero, oneHot, range, shape, size } from "./shape.ts";
import { sigmoid, softplus, softsign, tanh } from "./sigmoid.ts";
import { slice } from "./slice.ts";
import { hardmax, logSoftmax, softmax } from "./softmax.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { mean, sum } from "./sum.ts";
import { shrink, thresholdedRelu } from "./threshold.ts";
import { topK } from "./top-k.ts";
import { transpose } from "./transpose.ts";
import { acos, acosh, asin, asinh, atan, atanh, cos, cosh, sin, sinh, tan } from "./trigonometry.ts";
import { trilu } from "./trilu.ts";
import { abs, erf, exp, log, neg, reciprocal, sqrt } from "./unary.ts";
import { where } from "./where.ts";

/** Every operator the toolkit knows, by domain and type: how its shapes follow and how gradients flow back through it. */
export const operators: Operators = operatorTable(
  [
    // convolution, pooling, normalisation
    [
      conv,
      convTranspose,
      maxPool,
      averagePool,
      globalAveragePool,
      globalMaxPool,
      batchNormalization,
      batchNormalizationTraining,
    ],
    [lpPool, globalLpPool, instanceNormalization, layerNormalization, lpNormalization, lrn],
    // arithmetic
    [add, sub, mul, div, pow, min, max, neg, sqrt, exp, log, abs, reciprocal, erf, gemm, matMul, fusedMatMul],
    [sum, mean, mod, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh],
    // activations
    [relu, leakyRelu, pRelu, elu, selu, celu, sigmoid, softplus, softsign, clip, hardSigmoid, hardSwish],
    [thresholdedRelu, shrink, softmax, logSoftmax, hardmax],
    // reductions
    [reduceSum, reduceMean, reduceMax, reduceMin, reduceProd, reduceL1, reduceL2, reduceLogSum, reduceLogSumExp],
    [reduceSumSquare, argMax, argMin],
    // moving elements
    [identity, dropout, cast, flatten, reshape, squeeze, unsqueeze, transpose, concat, split, slice, pad, expand, tile],
    [where, resize, gather, gatherElements, gatherND, scatterElements, scatterND, depthToSpace, spaceToDepth, einsum],
    [trilu, cumSum, topK, reverseSequence, compress],
    // shapes, comparisons, steps: no gradient flows through them
    [shape, size, constantOfShape, range, oneHot, eyeLike, nonZero],
    [equal, greater, less, greaterOrEqual, lessOrEqual, and, or, xor, not],
    [sign, floor, ceil, round, isNaN, isInf],
    // what gradient rules emit and lowering replaces
    [
      reluGradient,
      convInputGradient,
      convWeightGradient,
      maxPoolGradient,
      averagePoolGradient,
      batchNormalizationGradient,
    ],
    // what lowering writes
    blockedOperators,
    [reshapeLike, expandLike, sliceGradient, resizeGradient, concatGradient, tileGradient, movedGradient],
  ].flat(),
);
