import assert from "node:assert/strict";
import fc from "fast-check";
import { errorCode } from "../../toolkit/errors.ts";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { UNKNOWN_TYPE } from "../../toolkit/graph/ir.ts";
import type { Dim, Graph, TensorType, Value } from "../../toolkit/graph/ir.ts";
import { formatShape } from "../../toolkit/graph/shape.ts";
import { allocate, sizeOf, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { DType, TensorData } from "../../toolkit/graph/tensor.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { evaluateDim } from "../support/evaluate-dim.ts";
import { applicationCount, applications } from "../support/applications.ts";
import { unary } from "../support/applications/application.ts";
import type { Application, Operand } from "../support/applications/application.ts";
import { runGraph } from "../support/run-graph.ts";

const SEED = 20261121;
/** Operators whose extents depend on what is computed. */
const openEnded = new Set(["NonZero"]);

type Fed = Extract<Operand, readonly number[] | { readonly of: readonly number[] }>;

function isFed(operand: Operand): operand is Fed {
  return operand !== undefined && !("data" in operand);
}

function typeOf(operand: Fed): { readonly dtype: DType; readonly shape: readonly number[] } {
  return "of" in operand ? { dtype: operand.dtype, shape: operand.of } : { dtype: "float32", shape: operand };
}

/** The application's types by our rule, with `name` deciding which extents of the first input are names; undefined where it refuses. */
function inferred(app: Application, name: (dim: number, axis: number) => Dim): readonly TensorType[] | undefined {
  const b = new GraphBuilder(operators);
  const inputs = app.inputs.map((operand, i): Value | undefined => {
    if (!isFed(operand)) return operand && b.constant(operand, `c${i}`);
    const { dtype, shape } = typeOf(operand);
    return b.input(`x${i}`, dtype, i === 0 ? shape.map(name) : shape);
  });
  try {
    return b.ops(app.op, inputs, app.attrs, { outputCount: app.outputCount ?? 1 });
  } catch (error) {
    if (errorCode(error) === "E_SHAPE") return undefined;
    throw error;
  }
}

/** The application's types as ONNX Runtime gives them; what it says where it refuses. */
async function actual(app: Application): Promise<readonly TensorType[] | string> {
  const constants = new Map<string, TensorData>();
  const feeds = new Map<string, TensorData>();
  const graphInputs: Value[] = [];
  const inputs = app.inputs.map((operand, i): Value | undefined => {
    if (operand === undefined) return undefined;
    if (!isFed(operand)) {
      constants.set(`c${i}`, operand);
      return { name: `c${i}`, ...operand };
    }
    const value = { name: `x${i}`, ...typeOf(operand) };
    const data = allocate(value.dtype, sizeOf(value.shape));
    data.fill((data instanceof BigInt64Array ? 1n : 1) as never);
    feeds.set(value.name, { dtype: value.dtype, shape: value.shape, data });
    graphInputs.push(value);
    return value;
  });
  const outputs = Array.from({ length: app.outputCount ?? 1 }, (_, i) => ({ name: `y${i}`, ...UNKNOWN_TYPE }));
  const node = { op: app.op, inputs, outputs, attrs: app.attrs ?? {} };
  const graph: Graph = { inputs: graphInputs, outputs, constants, nodes: [node] };
  try {
    const results = await runGraph(graph, feeds);
    return outputs.map((v) => results.get(v.name) as TensorData);
  } catch (error) {
    return String(error);
  }
}

function text(types: readonly TensorType[]): string {
  return types.map((t) => `${t.dtype}${formatShape(t.shape)}`).join(", ");
}

/** Whether types with names in them say nothing but what is so once the names have the values in their letters. */
function agrees(symbolic: readonly TensorType[], concrete: readonly TensorType[]): boolean {
  return symbolic.every(({ dtype, shape }, i) => {
    const real = concrete[i];
    if (dtype !== real?.dtype || shape.length !== real.shape.length) return false;
    return shape.every((dim, axis) => {
      const value = evaluateDim(dim);
      return value === undefined || value === real.shape[axis];
    });
  });
}

/** Whether a Slice cuts from one element to a later one: what its rule takes for granted where an extent is not known. */
function cutsWithin({ inputs: [x, ...parameters] }: Application): boolean {
  const shape = x && isFed(x) ? typeOf(x).shape : [];
  const [starts = [], ends = [], axes = []] = parameters.map((t) => (t && "data" in t ? toNumbers(t) : []));
  return axes.every((axis, i) => {
    const extent = shape.at(axis) ?? 1;
    const place = (v: number): number => (v < 0 ? v + extent : v >= 2 ** 31 - 1 ? extent : v);
    const [start, end] = [place(starts[i] ?? 0), place(ends[i] ?? 0)];
    return start >= 0 && start < end && end <= extent;
  });
}

describe("shape rules on random applications, beside what ONNX Runtime makes of them", () => {
  let [checked, refused, named] = [0, 0, 0];

  for (const [key, { type, domain }] of operators) {
    if (domain !== undefined) continue;
    it(`${key}: output types are the runtime's, and both refuse what does not fit`, async () => {
      const app = (applications[type] ?? unary()).map((a): Application => Object.assign({ op: type }, a));
      const property = fc.asyncProperty(app, async (a) => {
        const ours = inferred(a, (dim) => dim);
        const theirs = await actual(a);
        checked += 1;
        if (!ours) {
          refused += 1;
          // a window larger than its map is refused early: ONNX Runtime makes an empty map of it, or rounds it to one
          assert.ok(
            typeof theirs === "string" || a.attrs?.["kernel_shape"] !== undefined,
            `our rule refuses, the runtime gives ${typeof theirs === "string" ? theirs : text(theirs)}`,
          );
          return;
        }
        if (typeof theirs === "string")
          throw new Error(`our rule gives ${text(ours)}, the runtime says ${theirs.slice(0, 300)}`);
        if (openEnded.has(type)) assert.ok(agrees(ours, theirs), text(ours));
        else assert.equal(text(ours), text(theirs));
        if (type === "Slice" && !cutsWithin(a)) return;
        const symbolic = inferred(a, (dim, axis) => (dim > 1 && axis !== 1 ? `d${dim}` : dim));
        if (!symbolic) return;
        named += 1;
        assert.ok(agrees(symbolic, theirs), `with names it gives ${text(symbolic)}, the runtime ${text(theirs)}`);
      });
      await fc.assert(property, { seed: SEED, numRuns: applicationCount(type), endOnFailure: false });
    });
  }

  it("these were enough: of each kind some", () => {
    assert.ok(checked >= 500 && refused >= 20 && named >= 400, JSON.stringify({ checked, refused, named }));
  });
});
