import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { encodeModel } from "../../toolkit/onnx/encode.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { webRuntime } from "../../toolkit/runtime/web.ts";

/** y = x + held, which replaces `held`. */
function adder(): Uint8Array {
  const b = new GraphBuilder(operators);
  const [x, held] = [b.input("x", "float32", [2]), b.input("held", "float32", [2])];
  const graph = b.build([b.op("Add", [x, held], {}, { outputs: ["next"] })]);
  return encodeModel({ graph, opsets: new Map([["", 17]]), metadata: new Map() });
}

const feeds = new Map([["x", float32([2], Float32Array.of(1, 2))]]);

describe("runtime/web", () => {
  it("holds state between runs, and lets sessions be asked at the same time", async () => {
    const runtime = await webRuntime("wasm");
    assert.deepEqual([runtime.name, runtime.provider], ["onnxruntime-web", "wasm"]);
    const load = (): ReturnType<typeof runtime.load> => runtime.load(adder(), { state: new Map([["held", "next"]]) });
    const [one, two] = await Promise.all([load(), load()]);
    await Promise.all([one, two].map((session) => session.set(new Map([["held", float32([2], new Float32Array(2))]]))));
    for (const factor of [1, 2, 3]) {
      const runs = await Promise.all([one, two].map((session) => session.run({ feeds, fetch: ["next"] })));
      for (const out of runs) assert.deepEqual(out.get("next")?.data, Float32Array.of(factor, 2 * factor));
    }
    await Promise.all([one.release(), two.release()]);
  });

  it("says what is wrong with a graph, and goes on", async () => {
    const runtime = await webRuntime("wasm");
    await assert.rejects(runtime.load(Uint8Array.of(1, 2, 3)), { code: "E_RUNTIME" });
    const session = await runtime.load(adder());
    await assert.rejects(session.run({ feeds, fetch: ["next"] }), { code: "E_RUN", message: /"held"/ });
    await session.release();
  });
});
