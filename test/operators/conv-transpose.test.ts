import { gradcheck } from "../support/gradcheck.ts";

describe("operators/conv-transpose", () => {
  const cases = {
    "stride 2": [[2, 3, 4, 5], [3, 4, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1] }],
    "output padding": [[2, 3, 4, 5], [3, 4, 3, 3], { strides: [2, 2], pads: [1, 1, 1, 1], output_padding: [1, 0] }],
    groups: [[2, 4, 4, 5], [4, 3, 3, 3], { group: 2 }],
  } as const;
  for (const [name, [x, w, attrs]] of Object.entries(cases)) {
    it(`matches finite differences: ${name}`, () =>
      gradcheck("ConvTranspose", [x, w, [w[1] * ("group" in attrs ? attrs.group : 1)]], attrs, { dtype: "float32" }));
  }
});
