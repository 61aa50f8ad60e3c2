import { readFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { VERSION } from "../../toolkit/version.ts";
import { readJson, root } from "../support/fixtures.ts";
import type { Peer } from "./peer.ts";

/** What decides speed on this machine. */
export interface Machine {
  readonly versions: Readonly<Record<string, string>>;
  readonly cpu: string;
  /** Instruction sets that decide which kernels run; undefined where the system does not tell. */
  readonly flags: readonly string[] | undefined;
  readonly threads: number;
  /** Those of PyTorch, where there is one. */
  readonly torchThreads: number | undefined;
}

const FLAGS = ["avx2", "avx512f", "avx512_vnni"];

/** This machine, with PyTorch's version where there is one. */
export function describeMachine(peer: Peer | undefined): Machine {
  const { dependencies } = readJson<{ dependencies: Record<string, string> }>(join(root, "package.json"));
  return {
    versions: {
      "onnx-graft": VERSION,
      Node: process.versions.node,
      "onnxruntime-node": dependencies["onnxruntime-node"] ?? "?",
      PyTorch: peer?.torch ?? "none",
    },
    cpu: cpus()[0]?.model ?? "?",
    flags: cpuFlags(),
    threads: cpus().length,
    torchThreads: peer?.threads,
  };
}

function cpuFlags(): readonly string[] | undefined {
  try {
    const line = /^flags\s*:(.*)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1];
    const present = new Set(line?.trim().split(/\s+/));
    return line === undefined ? undefined : FLAGS.filter((flag) => present.has(flag));
  } catch {
    return undefined;
  }
}
