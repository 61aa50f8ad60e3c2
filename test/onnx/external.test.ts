import assert from "node:assert/strict";
import { parseExternalData } from "../../toolkit/onnx/external.ts";

function parse(values: Readonly<Record<string, string>>): unknown {
  return parseExternalData(
    Object.entries(values).map(([key, value]) => ({ key, value })),
    'tensor "w"',
  );
}

describe("onnx/external", () => {
  it("parseExternalData() reads location, offset and length", () => {
    const location = "weights/model.onnx.data";
    assert.deepEqual(parse({ location, offset: "4096", length: "16", checksum: "da39" }), {
      location,
      offset: 4096,
      length: 16,
    });
    assert.deepEqual(parse({ location }), { location, offset: 0, length: undefined });
    assert.deepEqual(parse({ location: "..data" }), { location: "..data", offset: 0, length: undefined });
  });

  const outside = [
    "../x",
    "a/../../x",
    "a/..",
    "..",
    "/etc/passwd",
    "//server/share",
    "C:/x",
    "c:x",
    "\\x",
    "\\\\server\\x",
    "..\\x",
    "a\\b",
    "",
    "a\0b",
  ];
  for (const location of outside) {
    it(`parseExternalData() refuses the location ${JSON.stringify(location)}`, () => {
      assert.throws(() => parse({ location }), {
        code: "E_MODEL_EXTERNAL",
        message: /^Cannot read tensor "w": it points/,
      });
    });
  }

  for (const count of ["-1", "1.5", "1e3", "0x10", "", " 4", "9007199254740993", "99999999999999999999", "NaN"]) {
    it(`parseExternalData() refuses ${JSON.stringify(count)} as offset and length`, () => {
      assert.throws(() => parse({ location: "x", offset: count }), { code: "E_MODEL_EXTERNAL" });
      assert.throws(() => parse({ location: "x", length: count }), { code: "E_MODEL_EXTERNAL" });
    });
  }

  it("parseExternalData() refuses unknown and repeated keys", () => {
    assert.throws(() => parse({ location: "x", __class__: "y" }), {
      code: "E_MODEL_EXTERNAL",
      message: /unknown key "__class__"/,
    });
    const twice = [
      { key: "location", value: "x" },
      { key: "location", value: "y" },
    ];
    assert.throws(() => parseExternalData(twice, "w"), { code: "E_MODEL_EXTERNAL", message: /repeats key "location"/ });
  });
});
