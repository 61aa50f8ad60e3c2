import assert from "node:assert/strict";
import fc from "fast-check";
import type { Node, Value } from "../../toolkit/graph/ir.ts";
import { sortNodes } from "../../toolkit/onnx/sort-nodes.ts";

const value = (name: string): Value => ({ name, dtype: "float32", shape: [1] });

function op(reads: readonly string[], makes: string): Node {
  return { op: "Sum", name: `node-${makes}`, inputs: reads.map(value), outputs: [value(makes)], attrs: {} };
}

describe("onnx/sort-nodes", () => {
  it("sortNodes() leaves an order that holds as it is", () => {
    const nodes = [op(["x"], "b"), op(["x"], "a"), op(["a", "b"], "c")];
    assert.equal(sortNodes(nodes, new Set(["x"]), "m"), nodes);
  });

  it("sortNodes() puts every node behind what it reads, whatever the order", () => {
    const graphs = fc.integer({ min: 1, max: 30 }).chain((count) =>
      fc.tuple(
        fc.array(fc.array(fc.nat(), { maxLength: 3 }), { minLength: count, maxLength: count }),
        fc.shuffledSubarray(
          Array.from({ length: count }, (_, i) => i),
          { minLength: count },
        ),
      ),
    );
    fc.assert(
      fc.property(graphs, ([reads, order]) => {
        const nodes = reads.map((list, i) =>
          op(
            list.map((r) => (i === 0 ? "x" : `v${r % i}`)),
            `v${i}`,
          ),
        );
        const sorted = sortNodes(
          order.map((i) => nodes[i]!),
          new Set(["x"]),
          "m",
        );
        assert.equal(new Set(sorted).size, nodes.length);
        const made = new Set(["x"]);
        for (const node of sorted) {
          for (const v of node.inputs) assert.ok(v && made.has(v.name));
          for (const v of node.outputs) made.add(v.name);
        }
      }),
    );
  });

  it("sortNodes() names the nodes of a cycle, and no others", () => {
    const nodes = [op(["d"], "e"), op(["x"], "a"), op(["a", "d"], "b"), op(["b"], "c"), op(["c"], "d")];
    assert.throws(() => sortNodes(nodes, new Set(["x"]), "m"), {
      code: "E_MODEL_CYCLE",
      message: 'Cannot read m: its graph has a cycle: Sum "node-d" → Sum "node-b" → Sum "node-c" → Sum "node-d"',
    });
  });

  it("sortNodes() sorts 20,000 nodes in reverse", () => {
    const nodes = Array.from({ length: 20_000 }, (_, i) => op([i === 0 ? "x" : `v${i - 1}`], `v${i}`));
    assert.deepEqual(sortNodes(nodes.toReversed(), new Set(["x"]), "m"), nodes);
  });
});
