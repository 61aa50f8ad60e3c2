import assert from "node:assert/strict";
import { unknownName } from "../toolkit/unknown-name.ts";

describe("unknown-name", () => {
  it("unknownName() lists the names behind the message and hints at the nearest", () => {
    const { code, message, hint } = unknownName("adma", ["sgd", "adam"], 'Cannot use "adma": expected one of');
    assert.deepEqual(
      [code, message, hint],
      ["E_SETTING", 'Cannot use "adma": expected one of sgd, adam', 'did you mean "adam"?'],
    );
  });

  it("unknownName() has no hint where no name is near, and the code it is told", () => {
    const { code, hint } = unknownName("lamb", ["sgd", "adam"], 'Cannot use "lamb": expected one of', "E_USAGE");
    assert.deepEqual([code, hint], ["E_USAGE", undefined]);
  });
});
