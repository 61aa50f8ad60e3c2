import { gradcheck } from "../support/gradcheck.ts";

describe("operators/mat-mul", () => {
  const shapes = {
    "two matrices": [
      [3, 4],
      [4, 5],
    ],
    "stacks of matrices": [
      [2, 3, 4],
      [2, 4, 5],
    ],
    "a stack by a matrix": [
      [2, 3, 4],
      [4, 5],
    ],
    "a matrix by a stack": [
      [3, 4],
      [2, 4, 5],
    ],
    "stacks that broadcast": [
      [2, 1, 3, 4],
      [3, 4, 5],
    ],
    "a vector by a matrix": [[4], [4, 5]],
    "a matrix by a vector": [[3, 4], [4]],
    "a vector by a stack": [[4], [2, 4, 5]],
    "a stack by a vector": [[2, 3, 4], [4]],
    "two vectors": [[4], [4]],
  };
  for (const [name, operands] of Object.entries(shapes))
    it(`matches finite differences for ${name}`, () => gradcheck("MatMul", operands));
  it("matches finite differences for a batch of unknown size", () =>
    gradcheck(
      "MatMul",
      [
        ["N", 3, 4],
        [4, 5],
      ],
      {},
      { dims: { N: 2 }, unbound: true },
    ));
});
