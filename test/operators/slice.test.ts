import { gradcheck } from "../support/gradcheck.ts";
import { int64 } from "../../toolkit/graph/tensor.ts";
describe("operators/slice", () => {
  const cuts = {
    "one axis": [[1], [3], [0], [1]],
    "two axes from the end": [
      [-3, 0],
      [-1, 2],
      [-1, 0],
      [1, 1],
    ],
    steps: [
      [1, 0],
      [6, 99],
      [0, 1],
      [2, 3],
    ],
    backwards: [[-1], [-99], [0], [-1]],
    "backwards in steps": [
      [5, 4],
      [0, -99],
      [0, 1],
      [-2, -3],
    ],
  };
  for (const [name, [starts = [], ends = [], axes = [], steps = []]] of Object.entries(cuts)) {
    it(`matches finite differences: ${name}`, () =>
      gradcheck("Slice", [[7, 5], int64(starts), int64(ends), int64(axes), int64(steps)]));
    it(`matches finite differences through an extent that is bound later: ${name}`, () =>
      gradcheck(
        "Slice",
        [["H", "W"], int64(starts), int64(ends), int64(axes), int64(steps)],
        {},
        { dims: { H: 7, W: 5 } },
      ));
  }
});
