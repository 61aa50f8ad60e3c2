import { gradcheck } from "../support/gradcheck.ts";

describe("operators/identity", () => {
  it("Identity matches finite differences", () => gradcheck("Identity", [[3, 4]]));
  it("Dropout matches finite differences in inference form", () => gradcheck("Dropout", [[3, 4]]));
});
