import { scalarLike } from "../../../operators/like.ts";
import type { Formulation } from "../../formulation.ts";
import { lacksKernel } from "./lacks-kernel.ts";

/** All inputs added up, two at a time, over their count. */
const added: Formulation = {
  name: "mean-added",
  serves: () => true,
  pays: lacksKernel,
  write: ({ b, node, x }) => {
    const sum = node.inputs.map((_, i) => x(i)).reduce((total, v) => b.op("Add", [total, v]));
    return [b.op("Div", [sum, scalarLike(b, node.inputs.length, x())])];
  },
};

export const mean: readonly Formulation[] = [added];
