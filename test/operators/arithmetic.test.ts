import { scalar } from "../../toolkit/graph/tensor.ts";
import { gradcheck } from "../support/gradcheck.ts";

describe("operators/arithmetic", () => {
  for (const type of ["Add", "Sub", "Mul", "Div"]) {
    it(`${type} matches finite differences`, () =>
      gradcheck(
        type,
        [
          [3, 4],
          [3, 4],
        ],
        {},
        { draw: "away" },
      ));
    it(`${type} matches finite differences when both inputs are broadcast`, () =>
      gradcheck(
        type,
        [
          [3, 1],
          [2, 1, 4],
        ],
        {},
        { draw: "away" },
      ));
    it(`${type} matches finite differences with a batch whose size is not bound`, () =>
      gradcheck(type, [["N", 4], [4]], {}, { draw: "away", dims: { N: 3 }, unbound: true }));
  }
  it("Pow matches finite differences in base and exponent", () =>
    gradcheck(
      "Pow",
      [
        [3, 4],
        [3, 1],
      ],
      {},
      { draw: "positive" },
    ));
  for (const exponent of [0, 1, 2, 3, -1, 0.5]) {
    it(`Pow matches finite differences with the constant exponent ${exponent}`, () =>
      gradcheck("Pow", [[3, 4], scalar(exponent, "float64")], {}, { draw: "positive" }));
  }
});
