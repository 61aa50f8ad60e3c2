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
  const lines = log.split("\n").flatMap((line) => /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)$/.exec(line)?.[1] ?? []);
  const counts = new Map<string, number>();
  const onCpu: PlacedNode[] = [];
  let provider: string | undefined;
  for (const line of lines) {
    const all = /^All nodes placed on \[(\w+)\]. Number of nodes: (\d+)/.exec(line);
    const header = all ?? /^Node\(s\) placed on \[(\w+)\]. Number of nodes: (\d+)/.exec(line);
    if (header) {
      provider = header[1] ?? "";
      counts.set(provider, Number(header[2]));
      // its nodes are not listed then, but those that no kernel was found for are
      if (all && provider === "CPUExecutionProvider") onCpu.push(...withoutKernel(log));
      continue;
    }
    const node = /^(\S+) \((.*)\)$/.exec(line);
    if (node && provider === "CPUExecutionProvider") onCpu.push({ op: node[1] ?? "", name: node[2] ?? "" });
  }
  if (counts.size === 0) throw new Error("The log tells of no placements: the session was made without severity 0");
  return { onCpu, onDevice: counts.get("WebGpuExecutionProvider") ?? 0 };
}

function withoutKernel(log: string): readonly PlacedNode[] {
  const found = log.matchAll(/kernel not found in registries for Op type: (\S+) node name: (.*)$/gm);
  return [...found].map(([, op = "", name = ""]) => ({ op, name }));
}
