import assert from "node:assert/strict";
import { placementsOf, probeDevice } from "../../toolkit/node/probe-device.ts";
import type { Probed } from "../../toolkit/node/probe-device.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";

/** What comes of a process that misbehaves as the device's name says. */
function probe(device: Provider, options: { timed?: boolean; signal?: AbortSignal } = {}): Promise<Probed> {
  const name = import.meta.url.endsWith(".ts") ? "./misbehaving-process.ts" : "./misbehaving-process.js";
  // where it has to answer, a busy machine needs some time to start it
  const limitSeconds = device !== "wasm" ? 50 : options.timed === false ? 2 : 15;
  return probeDevice({ device, timed: true, limitSeconds, file: new URL(name, import.meta.url), ...options });
}

describe("node/probe-device", () => {
  it("probeDevice() gives back numbers, speed, and which nodes were left to the CPU", async () => {
    assert.deepEqual(await probe("webgpu"), {
      difference: 1e-6,
      speed: { stepMs: 10, referenceMs: 40 },
      placements: { nodes: 8, onCpu: { LogSoftmax: 1 } },
    });
  });

  it("a library that cannot be loaded is a fault, with the cause that ONNX Runtime only logs", async () => {
    const fault = "Failed to load (libcublasLt.so.12: no such file)";
    assert.deepEqual(await probe("cuda"), { fault, isAbsent: true });
  });

  it("a process that is ended by a signal, or ends itself, is a fault of the device", async () => {
    assert.match((await probe("dml")).fault ?? "", /^the process that tried it ended by SIGSEGV$/);
    assert.match((await probe("coreml")).fault ?? "", /^the process that tried it ended with exit code 7$/);
  });

  it("a process that hangs is ended after the limit: before its numbers a fault, behind them too slow to be timed", async () => {
    assert.deepEqual(await probe("wasm", { timed: false }), { fault: "the process that tried it took more than 2 s" });
    assert.deepEqual(await probe("wasm"), { difference: 0, isLate: true });
  });

  it("a CPU that fails is no fault of the device: E_RUN", async () => {
    await assert.rejects(probe("cpu"), { code: "E_RUN", message: "Cannot try a device: the CPU fails" });
  });

  it("a signal ends the process and rejects with its reason", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    const probing = probe("wasm", { timed: false, signal: stop.signal });
    setTimeout(() => stop.abort(reason), 300);
    await assert.rejects(probing, reason);
    await assert.rejects(probe("webgpu", { signal: AbortSignal.abort(reason) }), reason);
  });

  it("placementsOf() says which nodes of a file are left to the CPU; a file that cannot be loaded there is E_DEVICE", async () => {
    const name = import.meta.url.endsWith(".ts") ? "./misbehaving-process.ts" : "./misbehaving-process.js";
    const options = { limitSeconds: 50, file: new URL(name, import.meta.url) };
    const placed = await placementsOf({ device: "webgpu", model: "loads.onnx" }, options);
    assert.deepEqual(placed, { nodes: 8, onCpu: { LogSoftmax: 1 } });
    await assert.rejects(placementsOf({ device: "dml", model: "other.onnx" }, options), {
      code: "E_DEVICE",
      message: "Cannot load the step on dml: the process that loaded it ended by SIGSEGV",
    });
  });

  it("the real process finds that there is no such device here, and why", async () => {
    const device = process.platform === "darwin" ? "dml" : "coreml";
    const found = await probeDevice({ device, timed: false, limitSeconds: 50 });
    assert.deepEqual([found.isAbsent, found.speed], [true, undefined]);
    assert.match(found.fault ?? "", new RegExp(`\\[${device}\\] backend not found`));
  });
});
