import type { Operator } from "../graph/operator.ts";
import { broadcastInputs } from "./arithmetic.ts";
import { scalarLike } from "./like.ts";

export const where: Operator = {
  type: "Where",
  infer: (t) => [{ dtype: t.input(1).dtype, shape: broadcastInputs(t)[0].shape }],
  gradient: ({ b, x, dy }) => [
    null,
    () => b.op("Where", [x(), dy(), scalarLike(b, 0, dy())]),
    () => b.op("Where", [x(), scalarLike(b, 0, dy()), dy()]),
  ],
};
