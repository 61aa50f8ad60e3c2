/** Stands for the nodes of a graph of which none is on the device: their operators are not told. */
const EVERY = "all of one graph";

/** Where ONNX Runtime put the nodes of some sessions. */
export interface Placements {
  /** How many there are. */
  readonly nodes: number;
  /** How many nodes of an operator are left to the CPU, for want of a kernel elsewhere. */
  readonly onCpu: Readonly<Record<string, number>>;
}

/** What a line of the log says: how many nodes a provider has, or which one it has. */
type Said =
  /** With `isAll`, it has all nodes of a session, and none of them is named. */
  | { readonly kind: "nodes"; readonly provider: string; readonly count: number; readonly isAll: boolean }
  | { readonly kind: "node"; readonly provider: string; readonly op: string; readonly name: string };

/** What is left over goes there. */
export const CPU_PROVIDER = "CPUExecutionProvider";
const SAID = /VerifyEachNodeIsAssignedToAnEp\]\s+(.*)$/;
const HEADER = /^(All nodes|Node\(s\)) placed on \[(\w+)\]\. Number of nodes: (\d+)/;
const NODE = /^(\S+) \((.*)\)$/;

/** Whether a line of a log says something of placements. */
export function tellsPlacements(line: string): boolean {
  return SAID.test(line);
}

/** What ONNX Runtime logs of sessions that are loaded with `logsPlacements`, line by line. */
export function* saidOfPlacements(log: string): Generator<Said> {
  let provider: string | undefined;
  for (const line of log.split("\n")) {
    const said = SAID.exec(line)?.[1]?.trim();
    if (said === undefined) continue;
    const header = HEADER.exec(said);
    const node = NODE.exec(said);
    if (header) {
      const [, extent, place = "", count] = header;
      provider = place;
      yield { kind: "nodes", provider, count: Number(count), isAll: extent === "All nodes" };
    } else if (node && provider !== undefined) {
      const [, op = "", name = ""] = node;
      yield { kind: "node", provider, op, name };
    }
  }
}

/** Reads such a log of a device beside the CPU: it leaves to the CPU what it has no kernel for, and says nothing but this. */
export function readPlacements(log: string): Placements {
  const onCpu = new Map<string, number>();
  const leave = (op: string, count: number): void => void onCpu.set(op, (onCpu.get(op) ?? 0) + count);
  let nodes = 0;
  for (const said of saidOfPlacements(log)) {
    const isOnCpu = said.provider === CPU_PROVIDER;
    if (said.kind === "nodes") {
      nodes += said.count;
      if (said.isAll && isOnCpu) leave(EVERY, said.count);
    } else if (isOnCpu) leave(said.op, 1);
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
