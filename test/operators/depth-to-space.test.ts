import assert from "node:assert/strict";
import { GraphBuilder } from "../../toolkit/graph/builder.ts";
import { operators } from "../../toolkit/operators/index.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/depth-to-space", () => {
  const symbolic = { dims: { N: 2, H: 2, W: 3 }, unbound: true };
  for (const mode of ["DCR", "CRD"]) {
    it(`DepthToSpace matches finite differences: ${mode}`, async () => {
      await gradcheck("DepthToSpace", [[1, 4, 2, 3]], { blocksize: 2, mode });
      await gradcheck("DepthToSpace", [[2, 8, 1, 2]], { blocksize: 2, mode });
      await gradcheck("DepthToSpace", [[1, 18, 2, 1]], { blocksize: 3, mode });
      await gradcheck("DepthToSpace", [[2, 3, 2, 2]], { blocksize: 1, mode });
      await gradcheck("DepthToSpace", [["N", 12, "H", "W"]], { blocksize: 2, mode }, symbolic);
    });
  }

  it("SpaceToDepth matches finite differences", async () => {
    await gradcheck("SpaceToDepth", [[1, 1, 2, 4]], { blocksize: 2 });
    await gradcheck("SpaceToDepth", [[2, 3, 4, 2]], { blocksize: 2 });
    await gradcheck("SpaceToDepth", [[1, 2, 3, 6]], { blocksize: 3 });
    await gradcheck("SpaceToDepth", [[2, 2, 3, 1]], { blocksize: 1 });
    await gradcheck("SpaceToDepth", [["N", 2, 4, 4]], { blocksize: 2 }, { dims: { N: 2 }, unbound: true });
  });

  it("names extents that are not known", () => {
    const b = new GraphBuilder(operators);
    const x = b.input("x", "float32", ["N", 8, "H", 3]);
    const wide = b.op("DepthToSpace", [x], { blocksize: 2 });
    assert.deepEqual(wide.shape, ["N", 2, "H*2", 6]);
    assert.deepEqual(b.op("SpaceToDepth", [wide], { blocksize: 2 }).shape, x.shape);
  });
});
