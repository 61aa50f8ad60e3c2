import type { Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";
import { scalarLike } from "./like.ts";

/** The sum of any number of inputs. */
export const sum: Operator = {
  type: "Sum",
  infer: broadcastInputs,
  gradient: ({ node, dy }) => node.inputs.map(() => () => dy()),
};

/** The mean of any number of inputs. */
export const mean: Operator = {
  type: "Mean",
  infer: broadcastInputs,
  gradient: ({ b, node, dy }) =>
    node.inputs.map(() => () => b.op("Div", [dy(), scalarLike(b, node.inputs.length, dy())])),
};
