import { CPU_PROVIDER, saidOfPlacements } from "../../toolkit/runtime/placements.ts";

/** Where ONNX Runtime put the nodes of a session, as its log at severity 0 says when the session is made. */
export interface Placements {
  /** Operator and name of every node that computes on the CPU. */
  readonly onCpu: readonly PlacedNode[];
  /** How many nodes the device has. */
  readonly onDevice: number;
}

export interface PlacedNode {
  readonly op: string;
  readonly name: string;
}

/**
 * Reads the placements of the one session that `log` tells of. The reason is always the same: the provider has no kernel of the operator for these types.
 * @throws Error where the log tells of none
 */
export function readPlacements(log: string): Placements {
  const counts = new Map<string, number>();
  const onCpu: PlacedNode[] = [];
  for (const said of saidOfPlacements(log)) {
    const isOnCpu = said.provider === CPU_PROVIDER;
    if (said.kind === "nodes") {
      counts.set(said.provider, said.count);
      // its nodes are not listed then, but those that no kernel was found for are
      if (said.isAll && isOnCpu) onCpu.push(...withoutKernel(log));
    } else if (isOnCpu) onCpu.push({ op: said.op, name: said.name });
  }
  if (counts.size === 0) throw new Error("The log tells of no placements: the session was made without severity 0");
  return { onCpu, onDevice: counts.get("WebGpuExecutionProvider") ?? 0 };
}

function withoutKernel(log: string): readonly PlacedNode[] {
  const found = log.matchAll(/kernel not found in registries for Op type: (\S+) node name: (.*)$/gm);
  return [...found].map(([, op = "", name = ""]) => ({ op, name }));
}
