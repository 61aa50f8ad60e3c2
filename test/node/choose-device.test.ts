import assert from "node:assert/strict";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseDevice, chooseDeviceOn } from "../../toolkit/node/choose-device.ts";
import { deviceProbes } from "../../toolkit/node/device-probes.ts";
import type { DeviceProbes } from "../../toolkit/node/device-probes.ts";
import { examineDevicesOf } from "../../toolkit/node/examine-devices.ts";
import type { Probed } from "../../toolkit/node/probe-device.ts";
import type { Device } from "../../toolkit/runtime/device.ts";
import type { Provider } from "../../toolkit/runtime/runtime.ts";
import { madeUpMachine, WITH_CUDA, WITH_NVIDIA, WITH_VULKAN } from "./made-up-machine.ts";

/** What trying each device finds, and which were tried. */
function found(results: Partial<Record<Provider, Probed>>): DeviceProbes & { readonly tried: string[] } {
  const tried: string[] = [];
  return {
    tried,
    find(device, { timed }) {
      tried.push(timed ? device : `${device}, its numbers`);
      return Promise.resolve(results[device] ?? { fault: "nobody expected this" });
    },
  };
}

const times = (factor: number): Probed => ({ difference: 1e-6, speed: { stepMs: 100 / factor, referenceMs: 100 } });
const vulkan = madeUpMachine({ files: WITH_VULKAN });
const nvidia = madeUpMachine({ files: [...WITH_VULKAN, ...WITH_NVIDIA, ...WITH_CUDA] });

describe("node/choose-device", () => {
  it("auto takes the quickest device that is right, and says how fast it is and what the others are", async () => {
    const probes = found({ cuda: times(8), webgpu: times(12.4) });
    const { asked, provider, runtime, text } = await chooseDeviceOn("auto", nvidia, probes);
    assert.deepEqual(
      [asked, provider, runtime.provider, runtime.name],
      ["auto", "webgpu", "webgpu", "onnxruntime-node (webgpu)"],
    );
    assert.equal(text, "computing on webgpu, 12 times as fast as the CPU (cuda: 8 times as fast)");
    assert.deepEqual(probes.tried, ["cuda", "webgpu"]);
  });

  it("auto takes the preferred device of two that are about as fast", async () => {
    const { provider } = await chooseDeviceOn("auto", nvidia, found({ cuda: times(10), webgpu: times(10.5) }));
    assert.equal(provider, "cuda");
  });

  for (const [what, result, reason] of [
    ["is slower than the CPU, as a driver on the CPU is", times(1 / 40), "it is 40 times as slow as the CPU"],
    ["is little faster", times(1.3), "it is only 1.3 times as fast as the CPU"],
    [
      "gives wrong numbers",
      { fault: "wrong numbers: the loss is not finite" },
      "wrong numbers: the loss is not finite",
    ],
    ["is too slow to be timed", { difference: 0, isLate: true }, "a training step took too long to be timed"],
    [
      "ends its process",
      { fault: "the process that tried it ended by SIGSEGV" },
      "the process that tried it ended by SIGSEGV",
    ],
  ] as const) {
    it(`auto stays on the CPU where a device ${what}`, async () => {
      const { provider, text } = await chooseDeviceOn("auto", vulkan, found({ webgpu: result }));
      assert.equal(provider, "cpu");
      assert.equal(text, `computing on the CPU (cuda: no NVIDIA card was found; webgpu: ${reason})`);
    });
  }

  it("auto tries nothing where there is no graphics card, or a library is missing, and says how to get it", async () => {
    const nothing = found({});
    const { text } = await chooseDeviceOn("auto", madeUpMachine(), nothing);
    assert.equal(text, "computing on the CPU (cuda: no NVIDIA card was found; webgpu: no graphics card was found)");
    const card = madeUpMachine({ files: ["/dev/nvidiactl"] });
    const missing = await chooseDeviceOn("auto", card, nothing);
    assert.match(missing.text, /cuda: ONNX Runtime's CUDA provider is not installed: put .* onnxruntime-gpu 1\.2\.3/);
    assert.match(missing.text, /webgpu: libvulkan\.so\.1 is not there: install Vulkan's loader/);
    assert.equal(
      (await chooseDeviceOn("auto", madeUpMachine({ arch: "arm64" }), nothing)).text,
      "computing on the CPU",
    );
    assert.deepEqual(nothing.tried, []);
  });

  it("a device that is asked for is taken where its numbers are right, however slow it is, card or no card", async () => {
    const bare = madeUpMachine({ files: WITH_VULKAN.slice(1) });
    const probes = found({ webgpu: { difference: 0 } });
    const { asked, provider, text } = await chooseDeviceOn("webgpu", bare, probes);
    assert.deepEqual([asked, provider, text], ["webgpu", "webgpu", "computing on webgpu, as asked"]);
    assert.deepEqual(probes.tried, ["webgpu, its numbers"]);
    const slow = await chooseDeviceOn("webgpu", bare, found({ webgpu: times(0.1) }));
    assert.equal(slow.text, "computing on webgpu, as asked, where the CPU would be faster");
  });

  it("the CPU is taken without a look at anything", async () => {
    const probes = found({});
    assert.equal((await chooseDeviceOn("cpu", nvidia, probes)).text, "computing on the CPU, as asked");
    assert.deepEqual(probes.tried, []);
  });

  it("a device that is asked for and is not there, or fails, is E_DEVICE with the reason and the way out", async () => {
    const refused = async (device: Device, machine = vulkan, results = {}): Promise<Error & { hint: string }> => {
      const error = await chooseDeviceOn(device, machine, found(results)).catch((e: unknown) => e);
      assert.equal((error as { code?: string }).code, "E_DEVICE");
      return error as Error & { hint: string };
    };
    const cuda = await refused("cuda");
    assert.match(cuda.message, /^Cannot compute on cuda: no NVIDIA card was found, and ONNX Runtime's CUDA provider/);
    assert.match(cuda.hint, /^put libonnxruntime_providers_cuda\.so .*; or compute on the CPU with --device cpu/);
    assert.match((await refused("wasm")).message, /^Cannot compute on wasm: it is for pages$/);
    assert.match((await refused("dml")).message, /for Windows, not linux on x64/);
    const wrong = await refused("webgpu", vulkan, { webgpu: { fault: "wrong numbers: the loss is not finite" } });
    assert.equal(wrong.message, "Cannot compute on webgpu: wrong numbers: the loss is not finite");
    assert.match(wrong.hint, /^compute on the CPU with --device cpu; "onnx-graft doctor" says/);
    const adapter = await refused("webgpu", vulkan, { webgpu: { fault: "Failed to get a WebGPU adapter: none" } });
    assert.match(adapter.hint, /^install the graphics card's driver for Vulkan; or/);
  });

  it("chooseDevice() knows devices by their names, and takes one that was chosen as it is", async () => {
    await assert.rejects(chooseDevice({ device: "webgpo" as Device }), {
      code: "E_SETTING",
      message: 'Cannot compute on "webgpo": expected one of auto, cpu, webgpu, cuda, dml, coreml, wasm',
      hint: 'did you mean "webgpu"?',
    });
    const chosen = await chooseDevice({ device: "cpu" });
    assert.equal(await chooseDevice({ device: chosen }), chosen);
  });

  it("examineDevicesOf() tries what may be there, and says of the rest why it is not", async () => {
    const reports = [];
    const results = { cuda: { fault: "Failed to load shared library", isAbsent: true }, webgpu: times(3) } as const;
    for await (const report of examineDevicesOf(nvidia, found(results))) reports.push(report);
    const [cuda, webgpu, dml, coreml] = reports;
    assert.deepEqual([cuda?.device, cuda?.status, cuda?.reason], ["cuda", "absent", "Failed to load shared library"]);
    assert.match(cuda?.hint ?? "", /LD_LIBRARY_PATH/);
    assert.deepEqual([webgpu?.device, webgpu?.status, webgpu?.speed], ["webgpu", "right", times(3).speed]);
    assert.deepEqual([dml?.status, coreml?.status, reports.length], ["absent", "absent", 4]);
    const faulty = examineDevicesOf(vulkan, found({ webgpu: { fault: "wrong numbers", difference: 1 } }));
    await faulty.next();
    const { value } = await faulty.next();
    assert.deepEqual(value, { device: "webgpu", status: "faulty", fault: "wrong numbers", difference: 1 });
  });
});

describe("node/device-probes", () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "probes-"))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** Probes of a machine, with how often each was made. */
  function counted(
    results: readonly Probed[],
    machine = vulkan,
  ): { readonly probes: DeviceProbes; count: () => number } {
    let count = 0;
    const probe = (): Promise<Probed> => Promise.resolve(results[Math.min(count++, results.length - 1)] ?? {});
    return { probes: deviceProbes(machine, { cacheFolder: folder }, probe), count: () => count };
  }

  it("find() tries a device once, and again where a driver has changed or it is asked to", async () => {
    const first = counted([times(4)]);
    assert.deepEqual(await first.probes.find("webgpu", { timed: true }), times(4));
    const later = counted([times(9)]);
    assert.deepEqual(await later.probes.find("webgpu", { timed: true }), times(4));
    assert.deepEqual([first.count(), later.count()], [1, 0]);
    const changed = counted([times(9)], madeUpMachine({ files: [...WITH_VULKAN, "/etc/vulkan/icd.d/new.json"] }));
    assert.deepEqual(await changed.probes.find("webgpu", { timed: true }), times(9));
    const anew = deviceProbes(vulkan, { cacheFolder: folder, anew: true }, () => Promise.resolve(times(7)));
    assert.deepEqual(await anew.find("webgpu", { timed: true }), times(7));
    assert.deepEqual(await counted([]).probes.find("webgpu", { timed: true }), times(7));
  });

  it("find() remembers a fault for whoever asks for any device, and looks again for who asks for this one", async () => {
    const faulty = counted([{ fault: "no" }]);
    await faulty.probes.find("webgpu", { timed: true });
    await faulty.probes.find("webgpu", { timed: true });
    assert.equal(faulty.count(), 1);
    const mended = counted([{ difference: 0 }]);
    assert.deepEqual(await mended.probes.find("webgpu", { timed: false }), { difference: 0 });
    // its speed is not known yet
    const timed = counted([times(2)]);
    assert.deepEqual(await timed.probes.find("webgpu", { timed: true }), times(2));
  });

  it("find() tries again what was kept damaged, and goes on where nothing can be kept", async () => {
    await counted([times(4)]).probes.find("webgpu", { timed: true });
    const [name = ""] = await readdir(join(folder, "tunings"));
    await writeFile(join(folder, "tunings", name), "{");
    assert.deepEqual(await counted([times(5)]).probes.find("webgpu", { timed: true }), times(5));
    const file = join(folder, "file");
    await writeFile(file, "");
    const unwritable = deviceProbes(vulkan, { cacheFolder: file }, () => Promise.resolve(times(6)));
    assert.deepEqual(await unwritable.find("webgpu", { timed: true }), times(6));
  });
});
