/** Stands for the nodes of a graph of which none is on the device: their operators are not told. */
const EVERY = "all of one graph";

/** Where ONNX Runtime put the nodes of some sessions. */
export interface Placements {
  /** How many there are. */
  readonly nodes: number;
  /** How many nodes of an operator are left to the CPU, for want of a kernel elsewhere. */
  readonly onCpu: Readonly<Record<string, number>>;
}

const CPU = "CPUExecutionProvider";
const SAID = /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)$/;
const HEADER = /^(?:All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/;
const NODE = /^(\S+) \(.*\)$/;

/** Whether a line of a log says something of placements. */
export function tellsPlacements(line: string): boolean {
  return SAID.test(line);
}

/** Reads what ONNX Runtime logs of sessions that are loaded with `logsPlacements` on a device beside the CPU: it leaves to the CPU what it has no kernel for, and says nothing but this. */
export function readPlacements(log: string): Placements {
  const onCpu = new Map<string, number>();
  let nodes = 0;
  let provider: string | undefined;
  for (const line of log.split("\n")) {
    const said = SAID.exec(line)?.[1]?.trim();
    if (said === undefined) continue;
    const header = HEADER.exec(said);
    if (header) {
      provider = header[1];
      nodes += Number(header[2]);
      if (said.startsWith("All") && provider === CPU) onCpu.set(EVERY, (onCpu.get(EVERY) ?? 0) + Number(header[2]));
      continue;
    }
    const op = NODE.exec(said)?.[1];
    if (op !== undefined && provider === CPU) onCpu.set(op, (onCpu.get(op) ?? 0) + 1);
  }
  return { nodes, onCpu: Object.fromEntries(onCpu) };
}

/** "2 of 246 nodes are left to the CPU: LogSoftmax 2", or that none is. */
export function placementsText({ nodes, onCpu }: Placements): string {
  const operators = Object.entries(onCpu).toSorted(([, a], [, b]) => b - a);
  const count = operators.reduce((sum, [, n]) => sum + n, 0);
  if (count === 0) return `all ${nodes} nodes have kernels there`;
  if (count === nodes) return `all ${nodes} nodes are left to the CPU`;
  const names = operators.map(([op, n]) => (n === 1 || op === EVERY ? op : `${op} ${n} times`));
  return `${count} of ${nodes} nodes are left to the CPU: ${names.join(", ")}`;
}
