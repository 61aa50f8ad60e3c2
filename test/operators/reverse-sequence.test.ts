import { int64 } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/reverse-sequence", () => {
  it("matches finite differences", async () => {
    const rows = { batch_axis: 0, time_axis: 1 };
    await gradcheck("ReverseSequence", [[4, 3], int64([4, 2, 1])]);
    await gradcheck("ReverseSequence", [[2, 4], int64([3, 4])], rows);
    await gradcheck("ReverseSequence", [[3, 2, 2], int64([1, 3])]);
    await gradcheck("ReverseSequence", [[1, 3], int64([3])], rows);
    await gradcheck("ReverseSequence", [["N", "T", 2], int64([2, 3])], rows, { dims: { N: 2, T: 3 }, unbound: true });
  });

  it("matches finite differences as it is written for WebGPU, which has no kernel of it", async () => {
    const options = { dtype: "float32", provider: "webgpu" } as const;
    await gradcheck("ReverseSequence", [[4, 3], int64([4, 2, 1])], {}, options);
    await gradcheck("ReverseSequence", [[2, 4, 2], int64([3, 4])], { batch_axis: 0, time_axis: 1 }, options);
  });
});
