import { meanSquaredError } from "../../toolkit/losses/mean-squared-error.ts";
import { lossSuite } from "../support/loss-suite.ts";

describe("losses/mean-squared-error", () => {
  lossSuite("meanSquaredError()", meanSquaredError());
});
