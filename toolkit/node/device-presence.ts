import type { Provider } from "../runtime/runtime.ts";
import type { Machine } from "./machine.ts";

/** Why a device cannot be there, and what can be done about it. */
export interface Missing {
  readonly reason: string;
  readonly hint?: string;
}

/** The providers that onnxruntime-node has on a platform beside the CPU, in the order in which they are preferred where they are equally fast. */
export function devicesOf({ platform, arch }: Pick<Machine, "platform" | "arch">): readonly Provider[] {
  if (platform === "darwin") return ["coreml", "webgpu"];
  if (platform === "win32") return ["dml", "webgpu"];
  return platform === "linux" && arch === "x64" ? ["cuda", "webgpu"] : [];
}

const HOMES: Readonly<Record<Exclude<Provider, "cpu">, string>> = {
  cuda: "Linux on x64",
  webgpu: "Linux on x64, macOS and Windows",
  dml: "Windows",
  coreml: "macOS",
  wasm: "pages",
};

/** Why a device cannot work on a machine, as far as that is seen without loading anything: a library is missing. Nothing where it may work. */
export function missingFor(device: Provider, machine: Machine): Missing | undefined {
  if (device === "cpu") return undefined;
  if (!devicesOf(machine).includes(device)) {
    const here = `${machine.platform} on ${machine.arch}`;
    return { reason: device === "wasm" ? "it is for pages" : `ONNX Runtime has it for ${HOMES[device]}, not ${here}` };
  }
  if (machine.platform !== "linux") return undefined;
  return device === "cuda" ? missingCuda(machine) : missingVulkan(machine);
}

/**
 * Why a device that may work is not worth a try where nobody asks for it: without a graphics card a driver could only compute on the CPU. Nothing where there is one,
 * or where that cannot be seen so easily.
 */
export function cardMissingFor(device: Provider, machine: Machine): Missing | undefined {
  if (machine.platform !== "linux" || device === "cpu") return undefined;
  if (device === "cuda") return hasNvidia(machine) ? undefined : { reason: NO_NVIDIA };
  const drawing = machine.list("/dev/dri").some((name) => name.startsWith("renderD"));
  return drawing || hasNvidia(machine) ? undefined : { reason: "no graphics card was found" };
}

const NO_NVIDIA = "no NVIDIA card was found";

/** Its driver's devices; in Windows' subsystem for Linux all graphics cards are behind one. */
function hasNvidia({ list }: Machine): boolean {
  return list("/dev").some((name) => name === "nvidiactl" || name === "dxg");
}

/** The libraries that onnxruntime-node does not bring. */
const CUDA_LIBRARIES = ["libonnxruntime_providers_cuda.so", "libonnxruntime_providers_shared.so"] as const;

function missingCuda(machine: Machine): Missing | undefined {
  const { version, folder } = machine.runtime;
  const found = new Set(machine.list(folder));
  const missing = CUDA_LIBRARIES.filter((name) => !found.has(name));
  if (missing.length === 0) return undefined;
  return {
    reason: `${hasNvidia(machine) ? "" : `${NO_NVIDIA}, and `}ONNX Runtime's CUDA provider is not installed`,
    hint: `put ${missing.join(" and ")} of PyPI's onnxruntime-gpu ${version} into ${folder}`,
  };
}

const LOADER = "libvulkan.so.1";
const LOADER_FOLDERS = ["/usr/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib64", "/usr/local/lib"];

function missingVulkan(machine: Machine): Missing | undefined {
  const { env, list, mentions } = machine;
  const folders = [...pathsIn(env["LD_LIBRARY_PATH"]), ...LOADER_FOLDERS];
  const isThere = mentions("/etc/ld.so.cache", LOADER) || folders.some((folder) => list(folder).includes(LOADER));
  if (!isThere) {
    return {
      reason: `${LOADER} is not there`,
      hint: "install Vulkan's loader (libvulkan1; on Fedora vulkan-loader) and the graphics card's Vulkan driver",
    };
  }
  if (vulkanDrivers(machine).length > 0) return undefined;
  return { reason: "there is no Vulkan driver", hint: "install the graphics card's driver with its part for Vulkan" };
}

/** The files that name Vulkan drivers, where the loader looks for them. */
export function vulkanDrivers({ env, list }: Pick<Machine, "env" | "list">): readonly string[] {
  const set = env["VK_DRIVER_FILES"] ?? env["VK_ICD_FILENAMES"];
  const home = env["HOME"] ?? "";
  const data = [env["XDG_DATA_HOME"] ?? `${home}/.local/share`, "/usr/local/share", "/usr/share"];
  const shares = [...pathsIn(env["XDG_DATA_DIRS"]), ...data, "/etc"];
  const folders = set === undefined ? [...new Set(shares)].map((share) => `${share}/vulkan/icd.d`) : [];
  const found = folders.flatMap((folder) => list(folder).map((name) => `${folder}/${name}`));
  return [...pathsIn(set), ...pathsIn(env["VK_ADD_DRIVER_FILES"]), ...found].filter((path) => path.endsWith(".json"));
}

function pathsIn(text: string | undefined): readonly string[] {
  return (text ?? "").split(":").filter((path) => path !== "");
}

const VARIABLES = [
  "VK_DRIVER_FILES",
  "VK_ICD_FILENAMES",
  "VK_ADD_DRIVER_FILES",
  "VK_LOADER_DRIVERS_SELECT",
  "VK_LOADER_DRIVERS_DISABLE",
  "LD_LIBRARY_PATH",
  "CUDA_VISIBLE_DEVICES",
  "NVIDIA_TF32_OVERRIDE",
  "DRI_PRIME",
];

/** Everything that what was found out about a device holds for: where some of it is another, it is to be looked at anew. */
export function fingerprintOf(device: Provider, machine: Machine): string {
  const { env, list, stamp, about, runtime } = machine;
  const libraries = CUDA_LIBRARIES.map((name) => `${runtime.folder}/${name}`);
  const files = [...libraries, ...vulkanDrivers(machine), "/sys/module/nvidia/version", "/etc/ld.so.cache"];
  const cards = [...list("/dev/dri"), ...list("/dev").filter((name) => /^(nvidia|dxg)/.test(name))].toSorted();
  return JSON.stringify({
    device,
    about,
    runtime: runtime.version,
    variables: VARIABLES.map((name) => env[name] ?? null),
    files: files.map((path) => [path, stamp(path) ?? null]),
    cards,
  });
}
