import { operatorKey } from "../graph/ir.ts";

/** A node in an error text: `Conv "conv1"`, or with its first output where it has no name. */
export function describeNode(node: {
  readonly op: string;
  readonly domain?: string;
  readonly name?: string;
  readonly outputs: readonly { readonly name: string }[];
}): string {
  return `${operatorKey(node)} "${node.name ?? node.outputs[0]?.name ?? ""}"`;
}
