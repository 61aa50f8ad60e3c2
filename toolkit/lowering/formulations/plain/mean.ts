import type { Value } from "../../../graph/ir.ts";
import { scalarLike } from "../../../operators/like.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** All inputs added up, two at a time. */
function total({ b, node, x }: Site): Value {
  return node.inputs.map((_, i) => x(i)).reduce((sum, v) => b.op("Add", [sum, v]));
}

const added: Formulation = {
  name: "sum-added",
  serves: ({ node }) => node.inputs.length > 1,
  pays: lacksKernel,
  write: (site) => [total(site)],
};

const divided: Formulation = {
  name: "mean-added",
  serves: () => true,
  pays: lacksKernel,
  write: (site) => [site.b.op("Div", [total(site), scalarLike(site.b, site.node.inputs.length, site.x())])],
};

export const sum: readonly Formulation[] = [added];
export const mean: readonly Formulation[] = [divided];
