import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { errorCode, errorMessage } from "../../toolkit/errors.ts";
import type { Graph, Model } from "../../toolkit/graph/ir.ts";
import { formatShape } from "../../toolkit/graph/shape.ts";
import { toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { lower } from "../../toolkit/lowering/lower.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { inferTypes } from "../../toolkit/passes/infer-types.ts";
import { normalise, unsupportedOperators } from "../../toolkit/passes/normalise.ts";
import { hasBlocks, machineBlockSize } from "./blocked.ts";
import { fixture, readTensor } from "./fixtures.ts";
import type { GoldenTensor } from "./fixtures.ts";
import { runGraph } from "./run-graph.ts";

/** A case of the ONNX project for one of its operators: see make/onnx_node_cases.py. */
export interface NodeCase {
  readonly name: string;
  readonly operators: readonly string[];
  /** The ModelProto in base64. */
  readonly model: string;
  readonly relative: number;
  readonly absolute: number;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
}

export interface NodeCases {
  /** The opset that each standard operator came with. */
  readonly since: Readonly<Record<string, number>>;
  /** How many cases the ONNX project has, and how many of them are not in the file, by reason. */
  readonly all: number;
  readonly leftOut: Readonly<Record<string, number>>;
  readonly cases: readonly NodeCase[];
}

/** Every stored case. */
export function nodeCases(): NodeCases {
  return JSON.parse(gunzipSync(readFileSync(fixture("onnx-node-cases.json.gz"))).toString("utf8")) as NodeCases;
}

export type Outcome =
  /** An operator that is neither in the table nor rewritten. */
  | { readonly kind: "unsupported" }
  | { readonly kind: "refused"; readonly code: string; readonly message: string }
  | { readonly kind: "inferred"; readonly graph: Graph };

/** What reading and normalising a case comes to: a graph for the case's own extents, or a code. */
export function readCase(stored: NodeCase): Outcome {
  try {
    const model: Model = decodeModel(new Uint8Array(Buffer.from(stored.model, "base64")), { allowNonfinite: true });
    if (unsupportedOperators(model).length > 0) return { kind: "unsupported" };
    const shapes = new Map(Object.entries(stored.inputs).map(([name, t]) => [name, t.shape]));
    return { kind: "inferred", graph: inferTypes(normalise(model).graph, shapes) };
  } catch (error) {
    // a rewrite into an operator that nobody has written yet
    if (errorMessage(error).endsWith("the operator is not supported")) return { kind: "unsupported" };
    return { kind: "refused", code: errorCode(error) ?? "", message: errorMessage(error) };
  }
}

/** Asserts that the inferred types are those of the case's outputs; true where an extent is not known before the graph runs. */
export function compareTypes(stored: NodeCase, graph: Graph): boolean {
  const open = Object.entries(stored.outputs).map(([name, { dtype, shape }]) => {
    const found = graph.outputs.find((v) => v.name === name);
    const known = found?.shape.map((dim, i) => (typeof dim === "number" ? dim : (shape[i] ?? dim)));
    const inferred = `${found?.dtype}${formatShape(known ?? ["missing"])}`;
    assert.equal(inferred, `${dtype}${formatShape(shape)}`, `${stored.name}: the type of ${name}`);
    return found?.shape.some((dim) => typeof dim === "string") === true;
  });
  return open.includes(true);
}

/** Runs the normalised case, in blocked operators too where they serve, and compares the values; a code where the runtime has no kernel for its element types. */
export async function compareValues(stored: NodeCase, graph: Graph): Promise<"equal" | "no kernel" | "no values"> {
  if (Object.values(stored.outputs).some((t) => t.data === "" && !t.shape.includes(0))) return "no values";
  const target = { provider: "cpu", dims: new Map<string, number>() } as const;
  const plain = await compareLowered(stored, lower(graph, target));
  const blocked = lower(graph, { ...target, blockSize: await machineBlockSize() });
  return plain === "equal" && hasBlocks(blocked) ? compareLowered(stored, blocked) : plain;
}

async function compareLowered(stored: NodeCase, lowered: Graph): Promise<"equal" | "no kernel"> {
  const feeds = new Map(Object.entries(stored.inputs).map(([name, t]) => [name, readTensor(t)]));
  const results = await runGraph(lowered, feeds).catch((error: unknown) => {
    if (/NOT_IMPLEMENTED|Could not find an implementation|fmod attribute must be true/.test(String(error)))
      return undefined;
    throw new Error(`${stored.name}: ${String(error)}`, { cause: error });
  });
  if (!results) return "no kernel";
  for (const [name, t] of Object.entries(stored.outputs)) close(results.get(name), readTensor(t), stored, name);
  return "equal";
}

function close(actual: TensorData | undefined, expected: TensorData, stored: NodeCase, name: string): void {
  assert(actual, `${stored.name}: no output ${name}`);
  assert.equal(actual.dtype, expected.dtype, stored.name);
  assert.deepEqual([...actual.shape], [...expected.shape], stored.name);
  const got = toNumbers(actual);
  for (const [i, want] of toNumbers(expected).entries()) {
    const found = got[i] ?? Number.NaN;
    const near =
      Object.is(found, want) ||
      found === want ||
      Math.abs(found - want) <= stored.absolute + stored.relative * Math.abs(want);
    assert(near, `${stored.name}: element ${i} of ${name} is ${found}, expected ${want}`);
  }
}
