import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { errorMessage } from "../../toolkit/errors.ts";
import { refuseLookalikes } from "../../toolkit/onnx/sniff.ts";
import { ascii, join, modelBytes } from "../support/onnx-bytes.ts";

const header = '{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}';
const cases: readonly (readonly [what: string, bytes: Uint8Array])[] = [
  ["an HTML page", ascii("<!DOCTYPE html><html><body>404</body></html>")],
  ["an HTML page", ascii("\u00ef\u00bb\u00bf\r\n  <html lang='en'>")],
  ["an XML document", ascii("<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>")],
  ["a Git LFS pointer", ascii("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 46749089\n")],
  ["a PyTorch checkpoint", ascii("PK\u0003\u0004\0\0\u0008\u0008\0\0\0\0\0\0resnet18/data.pkl\u0080\u0002")],
  ["a zip archive", ascii("PK\u0003\u0004\u0014\0\0\0\u0008\0model.onnx")],
  ["a pickle", ascii("\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.")],
  ["a safetensors file", join(Uint8Array.of(header.length, 0, 0, 0, 0, 0, 0, 0), ascii(header), new Uint8Array(4))],
  ["a gzip file", Uint8Array.from(gzipSync(modelBytes()))],
  ["a tar archive", join(new Uint8Array(257), ascii("ustar\0"), new Uint8Array(249))],
  ["an ORT format file", ascii("\u0008\0\0\0ORTM")],
  ["a TensorFlow Lite file", ascii("\u001c\0\0\0TFL3")],
  ["a TensorFlow SavedModel", ascii("\u0008\u0001\u0012\u00a4\u0001\n\u00a1")],
  ["an HDF5 file", ascii("\u0089HDF\r\n\u001a\n")],
  ["a JPEG picture", ascii("\u00ff\u00d8\u00ff\u00e0\0\u0010JFIF")],
  ["a PNG picture", ascii("\u0089PNG\r\n\u001a\n\0\0\0\rIHDR")],
  ["JSON", ascii('{"message":"Not Found"}')],
  ["text", ascii("Too many requests, try again later")],
];

describe("onnx/sniff", () => {
  for (const [what, bytes] of cases) {
    it(`refuseLookalikes() recognises ${what}`, () => {
      assert.throws(
        () => refuseLookalikes(bytes, '"m.onnx"'),
        (error: unknown) => {
          assert.match(
            errorMessage(error),
            new RegExp(`^Cannot read "m.onnx": it is not an ONNX file \\(looks like ${what}`),
          );
          return (
            (error as { code?: string; hint?: string }).code === "E_MODEL_NOT_ONNX" &&
            Boolean((error as { hint?: string }).hint)
          );
        },
      );
    });
  }

  it("refuseLookalikes() says that an empty file is empty", () => {
    const message = 'Cannot read "m.onnx": it is empty (0 bytes)';
    assert.throws(() => refuseLookalikes(new Uint8Array(), '"m.onnx"'), { code: "E_MODEL_EMPTY", message });
  });

  it("refuseLookalikes() lets an ONNX file pass", () => {
    refuseLookalikes(modelBytes(), "m");
    refuseLookalikes(modelBytes({}, { ir_version: 3, producer_name: "a name that is longer than the others" }), "m");
  });
});
