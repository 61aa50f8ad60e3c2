import { gradcheck } from "../support/gradcheck.ts";

describe("operators/identity", () => {
  for (const shape of [[3, 4], [], [1], [2, 1, 3], ["N", 2]]) {
    const free = { dims: { N: 2 }, unbound: true };
    it(`Identity matches finite differences: [${shape.join()}]`, () => gradcheck("Identity", [shape], {}, free));
    it(`Dropout matches finite differences in inference form: [${shape.join()}]`, () =>
      gradcheck("Dropout", [shape], {}, free));
  }
});
