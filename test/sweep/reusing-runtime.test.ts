import assert from "node:assert/strict";
import { providerOf } from "../../toolkit/runtime/runtime.ts";
import { reusingRuntime } from "../../toolkit/sweep/reusing-runtime.ts";
import { directRuntime } from "../support/run-graph.ts";

describe("sweep/reusing-runtime", () => {
  it("reusingRuntime() computes where the runtime does whose sessions it keeps, so that graphs are written for that", () => {
    const { runtime } = reusingRuntime({ ...directRuntime, provider: "webgpu" });
    assert.equal(providerOf(runtime), "webgpu");
    assert.equal(providerOf(reusingRuntime(directRuntime).runtime), "cpu");
  });
});
