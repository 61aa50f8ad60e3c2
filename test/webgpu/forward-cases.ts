import fc from "fast-check";
import { errorCode } from "../../toolkit/errors.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import type { Value } from "../../toolkit/graph/ir.ts";
import { uniform } from "../../toolkit/graph/random.ts";
import { allocate, sizeOf } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { DType } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { applications } from "../support/applications.ts";
import { unary } from "../support/applications/application.ts";
import type { Application, Operand } from "../support/applications/application.ts";
import type { ParityCase } from "./parity-case.ts";

const SEED = 20261122;
/** Applications that are drawn, and how many of those that fit are taken. */
const DRAWN = 20;
const TAKEN = 3;

/** Nothing is left of them in a graph whose extents are known. */
const FOLDED: ReadonlySet<string> = new Set(["Shape", "Size"]);

/** Operators that no gradient flows through, applied at random: what comes out of them is compared, too. */
export function forwardCases(): readonly ParityCase[] {
  const zero = [...operators.values()].filter(
    (o) => o.gradient === null && o.domain === undefined && !FOLDED.has(o.type),
  );
  return zero.flatMap(({ type }) => {
    const tried = fc.sample<Omit<Application, "op">>(applications[type] ?? unary(), { seed: SEED, numRuns: DRAWN });
    const cases = tried.flatMap((app) => applied(type, app) ?? []);
    // no device has 64-bit integers: what they are for is worked out before
    const others = cases.filter(({ graph }) => graph.inputs.every((v) => v.dtype !== "int64"));
    return (others.length > 0 ? others : cases).slice(0, TAKEN);
  });
}

/** Undefined where the inputs do not fit, or nothing comes out. */
function applied(type: string, { inputs, attrs, outputCount = 1 }: Omit<Application, "op">): ParityCase | undefined {
  const b = new GraphBuilder(operators);
  const feeds = new Map<string, TensorData>();
  const values = inputs.map((operand, i): Value | undefined => {
    if (operand === undefined) return undefined;
    if ("data" in operand) return b.constant(operand, `c${i}`);
    const { dtype, of } = typeOf(operand);
    feeds.set(`x${i}`, drawn(dtype, of, i));
    return b.input(`x${i}`, dtype, of);
  });
  try {
    const graph = b.build(b.ops(type, values, attrs, { outputCount }));
    const forward = new Set(graph.outputs.map((v) => v.name));
    return feeds.size === 0 ? undefined : { subject: type, graph, forward, feeds, dims: new Map() };
  } catch (error) {
    if (errorCode(error) === "E_SHAPE") return undefined;
    throw error;
  }
}

function typeOf(operand: Exclude<Operand, TensorData | undefined>): { dtype: DType; of: readonly number[] } {
  return "of" in operand ? operand : { dtype: "float32", of: operand };
}

/** Numbers from -2 to 2 in steps of a half, so that some are equal; whole where they must be. */
function drawn(dtype: DType, shape: readonly number[], stream: number): TensorData {
  const data = allocate(dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const v = Math.floor(uniform(SEED, stream, i) * 9) / 2 - 2;
    const whole = dtype === "bool" ? Number(v > 0) : Math.trunc(v);
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[i] = BigInt(whole);
    else data[i] = dtype === "float32" ? v : whole;
  }
  return { dtype, shape, data };
}
