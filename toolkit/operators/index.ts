import { operatorTable } from "../graph/operator.ts";
import type { Operators } from "../graph/operator.ts";
import { add, div, mul, pow, sub } from "./arithmetic.ts";
import { averagePool } from "./average-pool.ts";
import { batchNormalization, batchNormalizationTraining } from "./batch-normalization.ts";
import { cast } from "./cast.ts";
import { clip } from "./clip.ts";
import { and, equal, greater, greaterOrEqual, less, lessOrEqual, not, or } from "./compare.ts";
import { concat, split } from "./concat.ts";
import { convTranspose } from "./conv-transpose.ts";
import { conv } from "./conv.ts";
import { expand, tile } from "./expand.ts";
import { gather, scatterElements } from "./gather.ts";
import { gemm } from "./gemm.ts";
import { globalAveragePool, globalMaxPool } from "./global-pool.ts";
import { batchNormalizationGradient } from "./gradients/batch-normalization.ts";
import { convInputGradient, convWeightGradient } from "./gradients/conv.ts";
import { expandLike, reshapeLike } from "./gradients/like.ts";
import { averagePoolGradient, maxPoolGradient } from "./gradients/pool.ts";
import { reluGradient } from "./gradients/relu.ts";
import { sliceGradient } from "./gradients/slice.ts";
import { hardSigmoid, hardSwish } from "./hard-sigmoid.ts";
import { dropout, identity } from "./identity.ts";
import { elu, leakyRelu, pRelu, selu } from "./leaky-relu.ts";
import { fusedMatMul, matMul } from "./mat-mul.ts";
import { maxPool } from "./max-pool.ts";
import { max, min } from "./min-max.ts";
import { pad } from "./pad.ts";
import { argMax, reduceMax, reduceMean, reduceMin, reduceProd, reduceSum } from "./reduce.ts";
import { relu } from "./relu.ts";
import { flatten, reshape } from "./reshape.ts";
import { ceil, floor, round, sign } from "./rounding.ts";
import { constantOfShape, oneHot, range, shape, size } from "./shape.ts";
import { sigmoid, softplus, tanh } from "./sigmoid.ts";
import { slice } from "./slice.ts";
import { logSoftmax, softmax } from "./softmax.ts";
import { squeeze, unsqueeze } from "./squeeze.ts";
import { transpose } from "./transpose.ts";
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
    // arithmetic
    [add, sub, mul, div, pow, min, max, neg, sqrt, exp, log, abs, reciprocal, erf, gemm, matMul, fusedMatMul],
    // activations
    [relu, leakyRelu, pRelu, elu, selu, sigmoid, tanh, softplus, clip, hardSigmoid, hardSwish, softmax, logSoftmax],
    // reductions
    [reduceSum, reduceMean, reduceMax, reduceMin, reduceProd, argMax],
    // moving elements
    [identity, dropout, cast, flatten, reshape, squeeze, unsqueeze, transpose, concat, split, slice, pad, expand, tile],
    [where, gather, scatterElements],
    // shapes, comparisons, steps: no gradient flows through them
    [shape, size, constantOfShape, range, oneHot, equal, greater, less, greaterOrEqual, lessOrEqual, and, or, not],
    [sign, floor, ceil, round],
    // what gradient rules emit and lowering replaces
    [
      reluGradient,
      convInputGradient,
      convWeightGradient,
      maxPoolGradient,
      averagePoolGradient,
      batchNormalizationGradient,
    ],
    [reshapeLike, expandLike, sliceGradient],
  ].flat(),
);
