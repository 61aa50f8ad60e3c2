import assert from "node:assert/strict";
import { updateFault, updateSizes, updateText } from "../../../toolkit/fine-tune/probes/update-sizes.ts";
import type { UpdateSize } from "../../../toolkit/fine-tune/probes/update-sizes.ts";

type Given = readonly [parameter: string, weight: number, update: number, rank: number];

const sizes = (...given: readonly Given[]): readonly UpdateSize[] =>
  updateSizes(given.map(([parameter, weight, update, rank]) => ({ parameter, gradient: 1, weight, update, rank })));

describe("fine-tune/probes/update-sizes", () => {
  it("updateSizes() is the norm of the change over that of the parameter", () => {
    assert.deepEqual(sizes(["w", 5, 0.5, 2], ["v", 1, 0, 2], ["zeros", 0, 0, 1]), [
      { parameter: "w", share: 0.1, rank: 2 },
      { parameter: "v", share: 0, rank: 2 },
      { parameter: "zeros", share: 0, rank: 1 },
    ]);
  });

  it("updateFault() names what did not change, and what was replaced; a bias that starts at 0 may go anywhere", () => {
    const fault = (...given: readonly Given[]): string | undefined => updateFault(sizes(...given), 0.1);
    assert.equal(fault(["w", 5, 0.01, 2], ["b", 0, 0.1, 1], ["v", 1, 0.01, 2]), undefined);
    assert.match(fault(["w", 5, 0.01, 2], ["v", 1, 0, 2]) ?? "", /^the first step did not change "v":/);
    assert.match(fault(["w", 5, 0, 2], ["v", 1, 0, 2]) ?? "", /changed no weight at all/);
    const far = fault(["w", 5, 6, 2], ["v", 1, 3, 2]);
    assert.match(far ?? "", /^the first step \(rate 0\.1\) changed "v" by 300 %: .* such as 0\.01$/);
    assert.match(fault(["w", 5, Number.NaN, 2]) ?? "", /changed "w" to no number/);
  });

  it("updateFault() is silent where the rate is 0", () => {
    assert.equal(updateFault(sizes(["w", 5, 0, 2]), 0), undefined);
  });

  it("updateText() gives the range over filters and matrices, and leaves biases out", () => {
    const found = sizes(["w", 5, 0.01, 2], ["b", 0, 0.1, 1], ["v", 1, 0.0123, 4]);
    assert.equal(
      updateText(found, 0.1),
      "rate 0.1 moved weights by 0.002 to 0.012 of their size; about 0.001 is usual",
    );
  });
});
