import { spawn, spawnSync } from "node:child_process";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";

/** What PyTorch is asked to do once. */
export interface PeerRequest {
  readonly work: "step" | "inference";
  readonly batch: number;
  readonly size: number;
  readonly batchNorm: "folded" | "batch";
  readonly channelsLast: boolean;
}

export interface Peer {
  readonly version: string;
  /** Seconds that one run took; a request that is new is warmed up first. */
  seconds(request: PeerRequest): Promise<number>;
  close(): void;
}

/** PyTorch in a process of its own (TORCH_PYTHON, else python3); undefined where that Python has no torch. */
export async function openPeer(): Promise<Peer | undefined> {
  const python = process.env["TORCH_PYTHON"] ?? "python3";
  if (spawnSync(python, ["-c", "import torch"]).status !== 0) return undefined;
  const child: ChildProcessWithoutNullStreams = spawn(python, [join(root, "test/bench/peers/resnet18.py")]);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async <T>(): Promise<T> => JSON.parse(String((await lines.next()).value)) as T;
  const { torch } = await answer<{ torch: string }>();
  return {
    version: torch,
    async seconds(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return (await answer<{ seconds: number }>()).seconds;
    },
    close: () => child.kill(),
  };
}
