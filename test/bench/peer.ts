import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";
import { openSide } from "./side.ts";
import type { Side } from "./side.ts";

/** A Python that has PyTorch. */
export interface Peer {
  readonly torch: string;
  /** As many as it takes by itself. */
  readonly threads: number;
  /** Starts a script of `peers/`. */
  open(script: string): Promise<Side>;
}

/** PyTorch of TORCH_PYTHON, else of python3; undefined where that Python has no torch. */
export function findPeer(): Peer | undefined {
  const python = process.env["TORCH_PYTHON"] ?? "python3";
  const asked = spawnSync(python, ["-c", "import torch; print(torch.__version__, torch.get_num_threads())"], {
    encoding: "utf8",
  });
  if (asked.status !== 0) return undefined;
  const [torch = "?", threads] = asked.stdout.trim().split(" ");
  return {
    torch,
    threads: Number(threads),
    // -B: no compiled files beside the scripts
    open: (script) => openSide(python, ["-B", join(root, "test/bench/peers", script)]),
  };
}
