import assert from "node:assert/strict";
import { ToolkitError } from "../../toolkit/errors.ts";
import { cachedDecoder } from "../../toolkit/images/cached-decoder.ts";
import type { Decoder } from "../../toolkit/images/decoder.ts";

/** Pictures of 12 bytes; counts what it is asked for. */
function counting(code: "E_IMAGE_DECODE" | "E_IMAGE_READ" = "E_IMAGE_DECODE"): Decoder & { readonly asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    async decode(source, { minSidePx } = {}) {
      asked.push(`${String(source)} ${minSidePx ?? "full"}`);
      if (source === "broken") throw new ToolkitError(code, "Cannot decode");
      return { width: 2, height: 2, data: new Uint8Array(12) };
    },
  };
}

describe("images/cached-decoder", () => {
  it("decodes a file once, also when it is asked for twice at the same time", async () => {
    const decoder = counting();
    const cached = cachedDecoder(decoder);
    const [a, b] = await Promise.all([cached.decode("a"), cached.decode("a")]);
    assert.equal(a, b);
    assert.equal(await cached.decode("a"), a);
    assert.deepEqual(decoder.asked, ["a full"]);
  });

  it("keeps sizes apart", async () => {
    const decoder = counting();
    const cached = cachedDecoder(decoder);
    await cached.decode("a", { minSidePx: 1 });
    await cached.decode("a", { minSidePx: 2 });
    assert.equal(decoder.asked.length, 2);
  });

  it("keeps what fits into the budget and decodes the rest again", async () => {
    const decoder = counting();
    const cached = cachedDecoder(decoder, { budgetBytes: 30 });
    for (const path of ["a", "b", "c", "a", "b", "c"]) await cached.decode(path);
    assert.equal(cached.usedBytes, 24);
    assert.deepEqual(decoder.asked, ["a full", "b full", "c full", "c full"]);
  });

  it("remembers broken files, and asks again for unreadable ones", async () => {
    for (const [code, times] of [
      ["E_IMAGE_DECODE", 1],
      ["E_IMAGE_READ", 2],
    ] as const) {
      const decoder = counting(code);
      const cached = cachedDecoder(decoder);
      await assert.rejects(cached.decode("broken"), { code });
      await assert.rejects(cached.decode("broken"), { code });
      assert.equal(decoder.asked.length, times);
    }
  });
});
