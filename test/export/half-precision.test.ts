import assert from "node:assert/strict";
import { halfPrecision } from "../../toolkit/export/half-precision.ts";
import type { Graph, Model } from "../../toolkit/graph/ir.ts";
import { fillNormal, fillUniform } from "../../toolkit/graph/random.ts";
import { float32, toNumbers } from "../../toolkit/graph/tensor.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { normalise } from "../../toolkit/passes/normalise.ts";
import { smallGraph } from "../passes/small-graph.ts";
import { fixture } from "../support/fixtures.ts";
import { runGraph } from "../support/run-graph.ts";

function modelOf(graph: Graph): Model {
  return { graph, opsets: new Map([["", 17]]), metadata: new Map([["labels", '["a"]']]) };
}

/** x times a constant of the given elements, [4,4]. */
function product(elements: ArrayLike<number>): Model {
  return modelOf(smallGraph(["N", 4], (b, x) => [b.op("MatMul", [x, b.constant(float32([4, 4], elements), "w")])]));
}

const normal = Array.from(fillNormal(16, 1, 1));

describe("export/half-precision", () => {
  it("halves a network's file and hardly changes what it computes; biases and metadata stay", async () => {
    const read = await readModelFile(fixture("resnet18-width8/folded.onnx"));
    // the fixture's own weights are float16 numbers
    const third = (t: TensorData): TensorData => ({
      ...t,
      data: Float32Array.from(t.data as Float32Array, (v) => v * (4 / 3)),
    });
    const constants = new Map([...read.graph.constants].map(([name, t]) => [name, t.shape.length > 1 ? third(t) : t]));
    const model = { ...read, graph: { ...read.graph, constants } };
    const half = halfPrecision({ ...model, metadata: new Map([["labels", "[]"]]) });
    const bytes = encodeModel(half);
    assert.ok(bytes.length < 0.62 * encodeModel(model).length, `${bytes.length}`);
    assert.deepEqual(half.metadata, new Map([["labels", "[]"]]));
    assert.deepEqual(
      [...half.graph.constants].filter(([, t]) => t.dtype === "float32" && t.shape.length > 1).map(([name]) => name),
      [],
    );
    const image = float32([2, 3, 64, 64], fillUniform(2 * 3 * 64 * 64, 2, 1, -2, 2));
    const run = async (m: Model): Promise<TensorData> => {
      const { graph } = normalise(m);
      return (await runGraph(graph, new Map([["input", image]]))).get("output") as TensorData;
    };
    const [before, after] = [await run(model), await run(decodeModel(bytes))];
    const [p, q] = [toNumbers(before), toNumbers(after)];
    const off = Math.hypot(...p.map((v, i) => v - (q[i] ?? 0))) / Math.hypot(...p);
    // 21 layers, each of which rounds to 2^-11
    assert.ok(off > 0 && off < 21 * 2 ** -11, `${off}`);
  });

  it("behind normalise the weights have their names again", async () => {
    const model = await readModelFile(fixture("resnet18-width8/folded.onnx"));
    const names = (m: Model): string[] => [...normalise(m).graph.constants.keys()].toSorted();
    assert.deepEqual(names(halfPrecision(model)), names(model));
  });

  it("keeps in float32 what float16 cannot hold: too large, too small, not finite", () => {
    for (const bad of [[70_000], [Infinity], [Number.NaN], [-65_536]]) {
      assert.throws(() => halfPrecision(product([...bad, ...normal.slice(1)])), { code: "E_SETTING" }, String(bad));
    }
    assert.throws(() => halfPrecision(product(normal.map((v) => v * 1e-7))), { code: "E_SETTING" });
  });

  it("a few small numbers among large ones do no harm", () => {
    const { graph } = halfPrecision(product([1e-9, ...normal.slice(1)]));
    assert.equal(graph.constants.get("w")?.dtype, "float16");
  });

  it("a model that is read again is refused: it has nothing left to store so", () => {
    assert.throws(() => halfPrecision(halfPrecision(product(normal))), { code: "E_SETTING" });
  });
});
