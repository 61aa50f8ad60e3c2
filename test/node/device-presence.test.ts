import assert from "node:assert/strict";
import {
  cardMissingFor,
  devicesOf,
  fingerprintOf,
  missingFor,
  vulkanDrivers,
} from "../../toolkit/node/device-presence.ts";
import { thisMachine } from "../../toolkit/node/machine.ts";
import { madeUpMachine, RUNTIME_FOLDER, WITH_CUDA, WITH_NVIDIA, WITH_VULKAN } from "./made-up-machine.ts";

describe("node/device-presence", () => {
  it("devicesOf() are the providers that onnxruntime-node has on a platform", () => {
    assert.deepEqual(devicesOf({ platform: "linux", arch: "x64" }), ["cuda", "webgpu"]);
    assert.deepEqual(devicesOf({ platform: "linux", arch: "arm64" }), []);
    assert.deepEqual(devicesOf({ platform: "win32", arch: "arm64" }), ["dml", "webgpu"]);
    assert.deepEqual(devicesOf({ platform: "darwin", arch: "arm64" }), ["coreml", "webgpu"]);
  });

  it("missingFor() names the platform of a device that is not for this one, and says that wasm is for pages", () => {
    assert.deepEqual(missingFor("dml", madeUpMachine()), {
      reason: "ONNX Runtime has it for Windows, not linux on x64",
    });
    assert.match(missingFor("cuda", madeUpMachine({ platform: "win32" }))?.reason ?? "", /for Linux on x64/);
    assert.match(missingFor("webgpu", madeUpMachine({ arch: "arm64" }))?.reason ?? "", /not linux on arm64/);
    assert.deepEqual(missingFor("wasm", madeUpMachine()), { reason: "it is for pages" });
    assert.equal(missingFor("cpu", madeUpMachine({ platform: "sunos" })), undefined);
  });

  it("missingFor() says which library CUDA lacks, where to get it, and where it belongs", () => {
    const card = madeUpMachine({ files: WITH_NVIDIA });
    assert.deepEqual(missingFor("cuda", card), {
      reason: "ONNX Runtime's CUDA provider is not installed",
      hint: `put libonnxruntime_providers_cuda.so and libonnxruntime_providers_shared.so of PyPI's onnxruntime-gpu 1.2.3 into ${RUNTIME_FOLDER}`,
    });
    const half = madeUpMachine({ files: [...WITH_NVIDIA, ...WITH_CUDA.slice(0, 1)] });
    assert.match(missingFor("cuda", half)?.hint ?? "", /^put libonnxruntime_providers_shared\.so of/);
    assert.match(missingFor("cuda", madeUpMachine())?.reason ?? "", /^no NVIDIA card was found, and ONNX/);
    assert.equal(missingFor("cuda", madeUpMachine({ files: [...WITH_NVIDIA, ...WITH_CUDA] })), undefined);
  });

  it("missingFor() looks for Vulkan's loader where the system does, then for a driver", () => {
    const loader = missingFor("webgpu", madeUpMachine());
    assert.equal(loader?.reason, "libvulkan.so.1 is not there");
    assert.match(loader?.hint ?? "", /libvulkan1/);
    for (const files of [["/usr/lib/x86_64-linux-gnu/libvulkan.so.1"], ["/etc/ld.so.cache: libvulkan.so.1"]])
      assert.equal(missingFor("webgpu", madeUpMachine({ files }))?.reason, "there is no Vulkan driver");
    const env = { LD_LIBRARY_PATH: "/a:/b" };
    const own = madeUpMachine({ env, files: ["/b/libvulkan.so.1", "/usr/share/vulkan/icd.d/card.json"] });
    assert.equal(missingFor("webgpu", own), undefined);
    assert.equal(missingFor("webgpu", madeUpMachine({ files: WITH_VULKAN })), undefined);
    assert.equal(missingFor("webgpu", madeUpMachine({ platform: "darwin" })), undefined);
  });

  it("vulkanDrivers() are those that the environment names, else those that are installed", () => {
    const files = [
      "/usr/share/vulkan/icd.d/a.json",
      "/home/me/.local/share/vulkan/icd.d/b.json",
      "/etc/vulkan/icd.d/x",
    ];
    assert.deepEqual(vulkanDrivers(madeUpMachine({ files, env: { HOME: "/home/me" } })), [
      "/home/me/.local/share/vulkan/icd.d/b.json",
      "/usr/share/vulkan/icd.d/a.json",
    ]);
    const env = { VK_DRIVER_FILES: "/x/one.json:/x/two.json" };
    assert.deepEqual(vulkanDrivers(madeUpMachine({ files, env })), ["/x/one.json", "/x/two.json"]);
  });

  it("cardMissingFor() finds no card where only a driver on the CPU can be, and looks at Linux alone", () => {
    assert.equal(cardMissingFor("webgpu", madeUpMachine())?.reason, "no graphics card was found");
    assert.equal(cardMissingFor("webgpu", madeUpMachine({ files: ["/dev/dri/card0"] }))?.reason.slice(0, 2), "no");
    assert.equal(cardMissingFor("webgpu", madeUpMachine({ files: WITH_VULKAN })), undefined);
    assert.equal(cardMissingFor("webgpu", madeUpMachine({ files: ["/dev/dxg"] })), undefined);
    assert.equal(cardMissingFor("cuda", madeUpMachine({ files: WITH_VULKAN }))?.reason, "no NVIDIA card was found");
    assert.equal(cardMissingFor("cuda", madeUpMachine({ files: WITH_NVIDIA })), undefined);
    assert.equal(cardMissingFor("dml", madeUpMachine({ platform: "win32" })), undefined);
  });

  it("fingerprintOf() differs where a driver, a library, a card or a variable does, and for each device", () => {
    const plain = fingerprintOf("webgpu", madeUpMachine({ files: WITH_VULKAN }));
    const others = [
      fingerprintOf("cuda", madeUpMachine({ files: WITH_VULKAN })),
      fingerprintOf("webgpu", madeUpMachine({ files: [...WITH_VULKAN, "/usr/share/vulkan/icd.d/other.json"] })),
      fingerprintOf("webgpu", madeUpMachine({ files: [...WITH_VULKAN, ...WITH_CUDA] })),
      fingerprintOf("webgpu", madeUpMachine({ files: [...WITH_VULKAN, "/dev/nvidia0"] })),
      fingerprintOf("webgpu", madeUpMachine({ files: WITH_VULKAN, env: { CUDA_VISIBLE_DEVICES: "1" } })),
    ];
    assert.equal(new Set([plain, ...others]).size, 6);
    assert.equal(fingerprintOf("webgpu", madeUpMachine({ files: WITH_VULKAN, env: { LANG: "C" } })), plain);
  });

  it("thisMachine() answers for files that are there, and for those that are not", () => {
    const machine = thisMachine();
    assert.ok(machine.list(machine.runtime.folder).includes("onnxruntime_binding.node"));
    assert.match(machine.runtime.version, /^\d+\.\d+\.\d+/);
    assert.deepEqual(machine.list("/no/such/folder"), []);
    assert.equal(machine.mentions("/no/such/file", ""), false);
    assert.equal(machine.stamp("/no/such/file"), undefined);
    assert.equal(machine.stamp(machine.runtime.folder), machine.stamp(machine.runtime.folder));
  });
});
