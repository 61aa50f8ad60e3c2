/** A process that is asked to try a device, and does what its name says of the device instead. */
import type { ProbeRequest } from "../../toolkit/node/probe-device.ts";
import type { ProbeMessage } from "../../toolkit/node/probe-process.ts";

const PLACED = [
  "2026-01-01 00:00:00 [V:onnxruntime:, session_state.cc:1377 VerifyEachNodeIsAssignedToAnEp] Node placements",
  "2026-01-01 00:00:00 [V:onnxruntime:, session_state.cc:1386 VerifyEachNodeIsAssignedToAnEp]  Node(s) placed on [WebGpuExecutionProvider]. Number of nodes: 7",
  "2026-01-01 00:00:00 [V:onnxruntime:, session_state.cc:1386 VerifyEachNodeIsAssignedToAnEp]  Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1",
  "2026-01-01 00:00:00 [V:onnxruntime:, session_state.cc:1388 VerifyEachNodeIsAssignedToAnEp]   LogSoftmax (loss)",
];

function tell(message: ProbeMessage): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(message, undefined, undefined, () => resolve());
  });
}

const NEVER = new Promise<void>((resolve) => {
  setTimeout(resolve, 1e6);
});

const deeds: Readonly<Record<string, () => Promise<void> | void>> = {
  async webgpu() {
    process.stderr.write(`a driver says something\n${PLACED.join("\n")}\n`);
    await tell({ kind: "numbers", difference: 1e-6 });
    await tell({ kind: "speed", stepMs: 10, referenceMs: 40 });
  },
  async cuda() {
    process.stderr.write("[E] Failed to load library /x/y.so with error: libcublasLt.so.12: no such file\n");
    await tell({ kind: "numbers", fault: "Cannot load the graph into ONNX Runtime: Failed to load", isAbsent: true });
  },
  dml: () => void process.kill(process.pid, "SIGSEGV"),
  coreml: () => process.exit(7),
  cpu: () => tell({ kind: "error", message: "the CPU fails" }),
  async wasm() {
    await tell({ kind: "numbers", difference: 0 });
    await NEVER;
  },
};

process.once("message", async ({ device, timed, model }: ProbeRequest) => {
  if (model === "loads.onnx") {
    process.stderr.write(`${PLACED.join("\n")}\n`);
    await tell({ kind: "loaded" });
    process.exit(0);
  }
  // one that was asked for its numbers alone hangs before them
  if (device === "wasm" && !timed) await NEVER;
  await deeds[device]?.();
  process.exit(0);
});
