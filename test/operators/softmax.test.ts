import { gradcheck } from "../support/gradcheck.ts";

describe("operators/softmax", () => {
  for (const type of ["Softmax", "LogSoftmax"]) {
    it(`${type} matches finite differences`, () => gradcheck(type, [[3, 5]]));
    it(`${type} matches finite differences along another axis`, () =>
      gradcheck(type, [["N", 3, 4]], { axis: 1 }, { dims: { N: 2 }, unbound: true }));
  }
});
