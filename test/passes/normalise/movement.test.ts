import assert from "node:assert/strict";
import { float32, int64, scalar, tensor } from "../../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../../toolkit/graph/tensor.ts";
import type { Attributes, Graph } from "../../../toolkit/graph/ir.ts";
import { normalise } from "../../../toolkit/passes/normalise.ts";
import { runGraph } from "../../support/run-graph.ts";
import { random, rawModel } from "../raw-model.ts";
import { oneNode, sameAfter } from "./one-node.ts";

interface Form {
  readonly type: string;
  /** The first and last opset of this form; 7 and 23 where absent. */
  readonly since?: number;
  readonly until?: number;
  readonly x?: readonly number[];
  readonly constants?: Readonly<Record<string, TensorData>>;
  readonly attrs?: Attributes;
  readonly outputs?: readonly string[];
  /** What opset 17 has for it; the operator itself where absent. */
  readonly becomes?: readonly string[];
}

const places = tensor("int64", [2, 2], BigInt64Array.of(0n, 2n, 1n, 0n));
const maps = [1, 4, 2, 3];

/** Operators that move elements, in every form that they had. */
const forms: Readonly<Record<string, Form>> = {
  "Squeeze by an attribute": { type: "Squeeze", until: 12, x: [2, 1, 3], attrs: { axes: [1] } },
  "Squeeze by an input": { type: "Squeeze", since: 13, x: [2, 1, 3], constants: { axes: int64([-2]) } },
  "Squeeze of every 1": { type: "Squeeze", x: [2, 1, 3] },
  "Unsqueeze by an attribute": { type: "Unsqueeze", until: 12, attrs: { axes: [0, 3] } },
  "Unsqueeze by an input": { type: "Unsqueeze", since: 13, constants: { axes: int64([-1, 0]) } },
  Reshape: { type: "Reshape", x: [2, 3, 4], constants: { shape: int64([0, -1]) } },
  "Reshape that allows zero": {
    type: "Reshape",
    since: 14,
    x: [6],
    constants: { s: int64([2, 3]) },
    attrs: { allowzero: 1 },
  },
  Flatten: { type: "Flatten", x: [2, 3, 4], attrs: { axis: 2 } },
  Transpose: { type: "Transpose", x: [2, 3, 4], attrs: { perm: [1, 2, 0] } },
  "Slice by attributes": { type: "Slice", until: 9, x: [4, 5], attrs: { starts: [1], ends: [-1], axes: [1] } },
  "Slice by inputs": {
    type: "Slice",
    since: 10,
    x: [4, 5],
    constants: { starts: int64([-1]), ends: int64([-99]), axes: int64([-1]), steps: int64([-2]) },
  },
  "Split by an attribute": {
    type: "Split",
    until: 12,
    x: [2, 6],
    attrs: { axis: 1, split: [2, 4] },
    outputs: ["y", "z"],
  },
  "Split by an input": { type: "Split", since: 13, x: [6], constants: { s: int64([2, 4]) }, outputs: ["y", "z"] },
  "Split in uneven parts": {
    type: "Split",
    since: 18,
    x: [2, 5],
    attrs: { axis: -1, num_outputs: 3 },
    outputs: ["a", "b", "c"],
  },
  Expand: { type: "Expand", since: 8, x: [3, 1], constants: { shape: int64([2, 1, 4]) } },
  Tile: { type: "Tile", constants: { repeats: int64([2, 3]) } },
  Gather: { type: "Gather", constants: { places }, attrs: { axis: 1 } },
  GatherElements: { type: "GatherElements", since: 11, constants: { places }, attrs: { axis: -1 } },
  GatherND: { type: "GatherND", since: 11, constants: { places } },
  Scatter: {
    type: "Scatter",
    since: 9,
    until: 10,
    constants: { places, updates: float32([2, 2], [1, 2, 3, 4]) },
    attrs: { axis: 1 },
    becomes: ["ScatterElements"],
  },
  ScatterElements: {
    type: "ScatterElements",
    since: 11,
    constants: { places, updates: float32([2, 2], [1, 2, 3, 4]) },
    attrs: { axis: 1 },
  },
  ScatterND: { type: "ScatterND", since: 11, x: [3, 3], constants: { places, updates: float32([2], [1, 2]) } },
  DepthToSpace: { type: "DepthToSpace", x: maps, attrs: { blocksize: 2 } },
  "DepthToSpace by columns": { type: "DepthToSpace", since: 11, x: maps, attrs: { blocksize: 2, mode: "CRD" } },
  SpaceToDepth: { type: "SpaceToDepth", x: [1, 3, 4, 2], attrs: { blocksize: 2 } },
  Einsum: {
    type: "Einsum",
    since: 12,
    constants: { w: float32([3, 2], [1, 2, 3, 4, 5, 6]) },
    attrs: { equation: "ij,jk" },
  },
  Trilu: { type: "Trilu", since: 14, constants: { k: scalar(1, "int64") } },
  CumSum: { type: "CumSum", since: 11, constants: { axis: scalar(1, "int64") }, attrs: { exclusive: 1 } },
  "TopK by an attribute": { type: "TopK", until: 9, attrs: { k: 2 }, outputs: ["y", "i"] },
  "TopK by an input": { type: "TopK", since: 10, constants: { k: int64([2]) }, outputs: ["y", "i"] },
  ReverseSequence: { type: "ReverseSequence", since: 10, constants: { lengths: int64([1, 2, 2]) } },
  Compress: {
    type: "Compress",
    since: 9,
    constants: { c: tensor("bool", [2], Uint8Array.of(0, 1)) },
    attrs: { axis: 0 },
  },
  Cast: { type: "Cast", attrs: { to: 7 } },
  NonZero: { type: "NonZero", since: 9 },
  EyeLike: { type: "EyeLike", since: 9, attrs: { k: 1 } },
};

describe("passes/normalise: operators that move elements", () => {
  const squeezed = (shape: readonly (number | string)[]): Graph =>
    normalise(rawModel(oneNode(13, shape, ["Squeeze", ["x"], ["y"]]))).graph;

  it("writes out which axes a Squeeze drops, so that a batch of one picture stays", async () => {
    const graph = squeezed(["batch", 3, 1, 1]);
    assert.deepEqual(graph.outputs[0]?.shape, ["N", 3]);
    const y = (await runGraph(graph, new Map([["x", random([1, 3, 1, 1])]]))).get("y");
    assert.deepEqual(y?.shape, [1, 3]);
  });

  it("refuses a Squeeze of extents that are not known", () => {
    assert.throws(() => squeezed(["batch", 3, "rows"]), /it drops the axes of extent 1/);
  });

  for (const [name, { type, since = 7, until = 23, x = [2, 3], constants = {}, attrs = {}, ...form }] of Object.entries(
    forms,
  )) {
    it(`keeps what ${name} of opsets ${since} to ${until} gives`, async () => {
      const { outputs = ["y"], becomes = [type] } = form;
      for (let opset = since; opset <= until; opset += 1) {
        const nodes = [[type, ["x", ...Object.keys(constants)], outputs, attrs]] as const;
        const written = await sameAfter({ opset, inputs: { x }, constants, nodes, outputs });
        assert.deepEqual(written, becomes, `opset ${opset}`);
      }
    });
  }

  it("refuses reductions of opset 18", () => {
    const constants = { places, updates: float32([2, 2], [1, 2, 3, 4]) };
    for (const reduction of ["max", "min"]) {
      const nodes = [["ScatterElements", ["x", "places", "updates"], ["y"], { reduction }]] as const;
      const model = rawModel({ opset: 18, inputs: { x: [3, 3] }, constants, nodes, outputs: ["y"] });
      assert.throws(() => normalise(model), { code: "E_MODEL_OP", message: /came with opset 18/ });
    }
  });
});
