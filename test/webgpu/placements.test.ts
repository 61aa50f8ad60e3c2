import assert from "node:assert/strict";
import { readPlacements } from "./placements.ts";

const HEAD = "2026-11-22 10:55:30.0 [V:onnxruntime:, session_state.cc:1383 VerifyEachNodeIsAssignedToAnEp] ";

describe("test/webgpu/placements", () => {
  it("readPlacements() lists the nodes on the CPU and counts those on the device", () => {
    const log = [
      `${HEAD}Node placements`,
      `${HEAD} Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 2`,
      `${HEAD}  Softmax (forward 1)`,
      `${HEAD}  MemcpyFromHost (Memcpy)`,
      `${HEAD} Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1`,
      `${HEAD}  LogSoftmax (forward 0)`,
      "another line",
    ].join("\n");
    assert.deepEqual(readPlacements(log), { onCpu: [{ op: "LogSoftmax", name: "forward 0" }], onDevice: 2 });
  });

  it("readPlacements() reads the short form where one provider has all nodes", () => {
    const all = (provider: string): string => `${HEAD} All nodes placed on [${provider}]. Number of nodes: 3`;
    assert.deepEqual(readPlacements(all("WebGpuExecutionProvider")), { onCpu: [], onDevice: 3 });
    const missing =
      "[I:onnxruntime:, GetCapability] webgpu kernel not found in registries for Op type: Round node name: forward 0";
    const left = readPlacements([missing, all("CPUExecutionProvider")].join("\n"));
    assert.deepEqual(left, { onCpu: [{ op: "Round", name: "forward 0" }], onDevice: 0 });
  });

  it("readPlacements() refuses a log that tells of none", () => {
    assert.throws(() => readPlacements("Session successfully initialized."), /tells of no placements/);
  });
});
