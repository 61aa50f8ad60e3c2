import { packFilter, unpackFilter } from "../../toolkit/graph/layout.ts";
import type { Graph } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { BLOCKED_DOMAIN } from "../../toolkit/lowering/formulations/blocked/blocked-op.ts";
import type { Lowered } from "../../toolkit/lowering/lower.ts";
import { learnBlockSize } from "../../toolkit/train/block-size.ts";
import { directRuntime, runGraph } from "./run-graph.ts";

type Tensors = ReadonlyMap<string, TensorData>;

let learnt: Promise<number> | undefined;

/** Channels in a block on this machine, learnt once; 0 where ONNX Runtime has no blocked operators for it. Every x86-64 has them: there, tests must not be skipped. */
export function machineBlockSize(): Promise<number> {
  learnt ??= learnBlockSize(directRuntime).then((block) => {
    if (block === 0 && process.arch === "x64")
      throw new Error("the self-test of blocked operators fails on this machine");
    return block;
  });
  return learnt;
}

/** Whether anything in a lowered graph is blocked. */
export function hasBlocks(graph: Graph): boolean {
  return graph.nodes.some((node) => node.domain === BLOCKED_DOMAIN);
}

/** Runs what was lowered for blocks of `block`: what is fed and what comes back is plain, whatever the layouts of its state. */
export async function runLowered(
  { graph, layouts }: Pick<Lowered, "graph" | "layouts">,
  feeds: Tensors,
  { block, state = new Map() }: { readonly block: number; readonly state?: ReadonlyMap<string, string> },
): Promise<Tensors> {
  const laid = new Map([...feeds].map(([name, t]) => [name, layouts.has(name) ? packFilter(t, block) : t]));
  const outputs = new Set([...layouts.keys()].map((name) => state.get(name)));
  const results = await runGraph(graph, laid);
  return new Map([...results].map(([name, t]) => [name, outputs.has(name) ? unpackFilter(t, block) : t]));
}
