import type { Machine } from "../../toolkit/node/machine.ts";

export interface MadeUp {
  readonly platform?: string;
  readonly arch?: string;
  readonly env?: Machine["env"];
  /** Paths of files; those of text that is asked for have it in them. */
  readonly files?: readonly string[];
}

/** Where ONNX Runtime's libraries lie on a machine that is made up. */
export const RUNTIME_FOLDER = "/ort";

/** A machine that has some files. */
export function madeUpMachine({ platform = "linux", arch = "x64", env = {}, files = [] }: MadeUp = {}): Machine {
  return {
    platform,
    arch,
    env,
    runtime: { version: "1.2.3", folder: RUNTIME_FOLDER },
    about: "made up",
    list: (folder) => files.flatMap((path) => (path.startsWith(`${folder}/`) ? [path.slice(folder.length + 1)] : [])),
    mentions: (path, text) => files.includes(`${path}: ${text}`),
    stamp: (path) => (files.includes(path) ? "1 1" : undefined),
  };
}

/** A machine with a graphics card, and all that Vulkan needs. */
export const WITH_VULKAN: readonly string[] = [
  "/dev/dri/renderD128",
  "/usr/lib64/libvulkan.so.1",
  "/usr/share/vulkan/icd.d/card.json",
];
/** What NVIDIA's driver adds. */
export const WITH_NVIDIA: readonly string[] = ["/dev/nvidiactl", "/dev/nvidia0", "/etc/vulkan/icd.d/nvidia_icd.json"];
/** What ONNX Runtime needs for CUDA. */
export const WITH_CUDA: readonly string[] = [
  `${RUNTIME_FOLDER}/libonnxruntime_providers_cuda.so`,
  `${RUNTIME_FOLDER}/libonnxruntime_providers_shared.so`,
];
