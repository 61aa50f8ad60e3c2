import { scalar } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/trilu", () => {
  for (const upper of [0, 1]) {
    it(`matches finite differences: ${upper ? "upper" : "lower"} triangle`, async () => {
      await gradcheck("Trilu", [[3, 4]], { upper });
      await gradcheck("Trilu", [[2, 3, 3], scalar(1, "int64")], { upper });
      await gradcheck("Trilu", [[1, 4, 2], scalar(-1, "int64")], { upper });
      await gradcheck("Trilu", [[2, 2, 1, 3], scalar(5, "int64")], { upper });
      await gradcheck("Trilu", [["N", "T", "T"]], { upper }, { dims: { N: 2, T: 3 }, unbound: true });
    });
  }
});
