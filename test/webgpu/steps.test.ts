import assert from "node:assert/strict";
import { describeWebgpu, runOnWebgpu } from "../support/webgpu.ts";
import type { StepsSample } from "./steps-process.ts";

/** By so much the process may grow over 80 steps whose programs are all compiled: pages that the allocator keeps. A leak of the state alone would be more. */
const GROWTH_BYTES = 8e6;

describeWebgpu("training steps on WebGPU", () => {
  it("hold no more buffers and no more memory after 100 steps than after 20, and none once the session is released", async function () {
    this.timeout(180_000);
    const samples = await runOnWebgpu<readonly StepsSample[]>("webgpu/steps-process", ["100", "20"]);
    const released = samples.at(-1);
    const taken = samples.slice(0, -1);
    assert.equal(taken.length, 5);
    const [first] = taken;
    assert.ok(first && first.state > 0);
    for (const { steps, buffers, state } of taken) assert.equal(buffers, state, `after ${steps} steps`);
    const growth = Math.max(...taken.slice(1).map(({ rssBytes }) => rssBytes)) - first.rssBytes;
    assert.ok(growth <= GROWTH_BYTES, `${growth} bytes more`);
    assert.equal(released?.buffers, 0);
    assert.ok((taken.at(-1)?.loss ?? 9) < (first.loss || 0), "the loss falls");
  });
});
