import assert from "node:assert/strict";
import { inferTypes } from "../../toolkit/passes/infer-types.ts";
import { conv3, smallGraph } from "./small-graph.ts";

describe("passes/infer-types", () => {
  const graph = smallGraph(["N", 3, "H", "W"], (b, x) => [
    b.op("MaxPool", [conv3(b, x, "a", 4)], { kernel_shape: [2, 2], strides: [2, 2] }),
  ]);

  it("infers every type for other input shapes and changes nothing else", () => {
    const at = inferTypes(graph, new Map([["x", [1, 3, 32, 16]]]));
    assert.deepEqual(
      at.nodes.map((n) => n.outputs[0]?.shape),
      [
        [1, 4, 32, 16],
        [1, 4, 16, 8],
      ],
    );
    assert.deepEqual(at.outputs[0]?.shape, [1, 4, 16, 8]);
    assert.deepEqual(inferTypes(graph), graph);
  });

  it("says which node does not fit", () => {
    assert.throws(() => inferTypes(graph, new Map([["x", [1, 5, 32, 16]]])), {
      code: "E_SHAPE",
      message: /"?a"?: the filter reads 3/,
    });
  });
});
