import type { Operator } from "../graph/operator.ts";
import { averagePool } from "./average-pool.ts";
import { conv } from "./conv.ts";
import { globalAveragePool } from "./global-pool.ts";
import { maxPool } from "./max-pool.ts";

/**
 * ONNX Runtime's own operators on blocked pictures (onnxruntime/core/graph/contrib_ops/nchwc_schema_defs.cc). Their declared shapes are those of the plain
 * operators; only how the elements lie differs. They have no gradient rules: lowering writes them behind the gradient.
 */
const DOMAIN = "com.microsoft.nchwc";

/** Inputs x, filter, bias, and a value that is added to the result. */
const blockedConv: Operator = { type: "Conv", domain: DOMAIN, infer: conv.infer };
const blockedMaxPool: Operator = { type: "MaxPool", domain: DOMAIN, infer: maxPool.infer };
const blockedAveragePool: Operator = { type: "AveragePool", domain: DOMAIN, infer: averagePool.infer };
const blockedGlobalAveragePool: Operator = {
  type: "GlobalAveragePool",
  domain: DOMAIN,
  infer: globalAveragePool.infer,
};

/** Plain to blocked. */
const reorderInput: Operator = {
  type: "ReorderInput",
  domain: DOMAIN,
  infer: ({ input }) => [{ dtype: input(0).dtype, shape: input(0).shape }],
};

/** Blocked to plain; the attribute `channels` says how many of the channels there are. */
const reorderOutput: Operator = {
  type: "ReorderOutput",
  domain: DOMAIN,
  infer: ({ input, attrs }) => {
    const { dtype, shape } = input(0);
    return [{ dtype, shape: shape.map((dim, axis) => (axis === 1 ? attrs.int("channels", 0) : dim)) }];
  },
};

export const blockedOperators: readonly Operator[] = [
  blockedAveragePool,
  blockedConv,
  blockedGlobalAveragePool,
  blockedMaxPool,
  reorderInput,
  reorderOutput,
];
