import assert from "node:assert/strict";
import { updateFault, updateSizes } from "../../../toolkit/fine-tune/probes/update-sizes.ts";
import { float32 } from "../../../toolkit/graph/tensor.ts";
import type { Tensors } from "../../../toolkit/runtime/runtime.ts";

const weights = (...rows: readonly (readonly [string, readonly number[], readonly number[]])[]): Tensors =>
  new Map(rows.map(([name, shape, data]) => [name, float32(shape, Float32Array.from(data))]));

const before = weights(["w", [2, 2], [3, 0, 0, 4]], ["b", [2], [0, 0]], ["v", [1, 2], [1, 0]]);

describe("fine-tune/probes/update-sizes", () => {
  it("updateSizes() is the norm of the change over that of the parameter", () => {
    const found = updateSizes(before, weights(["w", [2, 2], [3.3, 0, 0, 4.4]], ["v", [1, 2], [1, 0]]));
    assert.deepEqual(
      found.map(({ parameter, share, rank }) => [parameter, Number(share.toFixed(4)), rank]),
      [
        ["w", 0.1, 2],
        ["v", 0, 2],
      ],
    );
  });

  it("updateFault() names what did not change, and what was replaced; a bias that starts at 0 may go anywhere", () => {
    const fault = (after: Tensors): string | undefined => updateFault(updateSizes(before, after), 0.1);
    const good = weights(["w", [2, 2], [3.01, 0, 0, 4]], ["b", [2], [0.1, 0]], ["v", [1, 2], [1, 0.01]]);
    assert.equal(fault(good), undefined);
    assert.match(
      fault(new Map([...good, ["v", before.get("v") as never]])) ?? "",
      /^the first step did not change "v":/,
    );
    assert.match(fault(before) ?? "", /changed no weight at all/);
    const far = weights(["w", [2, 2], [9, 0, 0, 4]], ["v", [1, 2], [4, 0]]);
    assert.match(fault(far) ?? "", /^the first step \(rate 0\.1\) changed "v" by 300 %: .* such as 0\.01$/);
    assert.match(fault(weights(["w", [2, 2], [Number.NaN, 0, 0, 4]])) ?? "", /changed "w" to no number/);
  });

  it("updateFault() is silent where the rate is 0", () => {
    assert.equal(updateFault(updateSizes(before, before), 0), undefined);
  });
});
