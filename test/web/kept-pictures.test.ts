import assert from "node:assert/strict";
import { keptPictures } from "../../toolkit/web/kept-pictures.ts";

const picture = { width: 2, height: 1, data: new Uint8Array(6) };

describe("web/kept-pictures", () => {
  it("keeps the first ones up to its limit", () => {
    const kept = keptPictures(12);
    kept.put("a", picture);
    kept.put("a", picture);
    kept.put("b", picture);
    kept.put("c", picture);
    assert.equal(kept.get("a"), picture);
    assert.equal(kept.get("b"), picture);
    assert.equal(kept.get("c"), undefined);
  });
});
