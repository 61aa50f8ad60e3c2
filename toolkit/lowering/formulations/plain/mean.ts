import type { Value } from "../../../graph/ir.ts";
import { scalarLike } from "../../../operators/like.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** All inputs added up, two at a time. */
function total({ b, node, x }: Site): Value {
  return node.inputs.slice(1).reduce<Value>((sum, _, i) => b.op("Add", [sum, x(i + 1)]), x());
}

const added: Formulation = {
  name: "sum-added",
  serves: () => true,
  pays: lacksKernel,
  write: (site) => [site.node.inputs.length === 1 ? site.b.op("Identity", [site.x()]) : total(site)],
};

const divided: Formulation = {
  name: "mean-added",
  serves: () => true,
  pays: lacksKernel,
  write: (site) => [site.b.op("Div", [total(site), scalarLike(site.b, site.node.inputs.length, site.x())])],
};

export const sum: readonly Formulation[] = [added];
export const mean: readonly Formulation[] = [divided];
