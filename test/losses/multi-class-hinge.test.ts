import assert from "node:assert/strict";
import { errorCode } from "../../toolkit/errors.ts";
import { multiClassHinge } from "../../toolkit/losses/multi-class-hinge.ts";
import { lossSuite } from "../support/loss-suite.ts";

describe("losses/multi-class-hinge", () => {
  lossSuite("multiClassHinge()", multiClassHinge());
  lossSuite("multiClassHinge() squared", multiClassHinge({ power: 2, margin: 0.5 }));

  it("multiClassHinge() refuses another power than 1 or 2, and a margin that is no number", () => {
    const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";
    assert.throws(() => multiClassHinge({ power: 3 }), isSetting);
    assert.throws(() => multiClassHinge({ margin: Number.NaN }), isSetting);
  });
});
