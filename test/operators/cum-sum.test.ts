import { scalar } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/cum-sum", () => {
  for (const exclusive of [0, 1]) {
    for (const reverse of [0, 1]) {
      it(`matches finite differences: exclusive ${exclusive}, reverse ${reverse}`, async () => {
        const attrs = { exclusive, reverse };
        await gradcheck("CumSum", [[5], scalar(0, "int64")], attrs);
        await gradcheck("CumSum", [[2, 4], scalar(1, "int64")], attrs);
        await gradcheck("CumSum", [[2, 3, 4], scalar(-2, "int64")], attrs);
        await gradcheck("CumSum", [[1, 1], scalar(-1, "int64")], attrs);
        await gradcheck("CumSum", [["N", "T"], scalar(-1, "int64")], attrs, { dims: { N: 2, T: 3 }, unbound: true });
      });
    }
  }
});
