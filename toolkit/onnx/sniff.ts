import { ToolkitError } from "../errors.ts";

interface Lookalike {
  readonly what: string;
  readonly hint: string;
  readonly matches: (bytes: Uint8Array, text: string) => boolean;
}

/** How many bytes at the start are looked at; long enough for the first entry's name in a zip archive. */
const HEAD_BYTES = 512;

const exportHint = "export the model with torch.onnx.export in Python and use the .onnx file that it writes";
const downloadHint = "the address gave something else than the file: open it in a browser, and download the raw file";

/** In order: the special before the general. */
const lookalikes: readonly Lookalike[] = [
  {
    what: "a Git LFS pointer",
    hint: "run git lfs pull in the repository it came from, or download the raw file",
    matches: (_, text) => text.startsWith("version https://git-lfs"),
  },
  {
    what: "an HTML page",
    hint: downloadHint,
    matches: (_, text) => /^\s*(<!doctype html|<html|<head|<body)/i.test(text),
  },
  { what: "an XML document", hint: downloadHint, matches: (_, text) => /^\s*<(\?xml|Error|svg)/.test(text) },
  {
    what: "a PyTorch checkpoint",
    hint: exportHint,
    matches: (_, text) => text.startsWith("PK") && /data\.pkl|\/version/.test(text),
  },
  {
    what: "a zip archive",
    hint: "unpack it, and use the .onnx file inside",
    matches: (_, text) => text.startsWith("PK\u0003\u0004") || text.startsWith("PK\u0005\u0006"),
  },
  {
    what: "a pickle, as PyTorch writes it",
    hint: exportHint,
    matches: ([first, version]) => first === 0x80 && version !== undefined && version >= 2 && version <= 5,
  },
  { what: "a safetensors file", hint: exportHint, matches: (_, text) => /^[^]{4}\0{4}\{/.test(text) },
  {
    what: "an ORT format file",
    hint: "use the .onnx file that it was made from",
    matches: (_, text) => text.startsWith("ORTM", 4),
  },
  {
    what: "a TensorFlow Lite file",
    hint: "convert the original model with tf2onnx",
    matches: (_, text) => text.startsWith("TFL3", 4),
  },
  {
    what: "a TensorFlow SavedModel",
    hint: "convert it with tf2onnx",
    matches: (_, text) => text.startsWith("\u0008\u0001\u0012"),
  },
  {
    what: "an HDF5 file, as Keras writes it",
    hint: "convert it with tf2onnx",
    matches: (_, text) => text.startsWith("\u0089HDF"),
  },
  {
    what: "a gzip file",
    hint: "unpack it with gunzip, and use the .onnx file inside",
    matches: ([first, second]) => first === 0x1f && second === 0x8b,
  },
  {
    what: "a tar archive",
    hint: "unpack it, and use the .onnx file inside",
    matches: (_, text) => text.startsWith("ustar", 257),
  },
  {
    what: "a JPEG picture",
    hint: "the first argument is the model, the pictures come after it",
    matches: (_, text) => text.startsWith("\u00ff\u00d8\u00ff"),
  },
  {
    what: "a PNG picture",
    hint: "the first argument is the model, the pictures come after it",
    matches: (_, text) => text.startsWith("\u0089PNG"),
  },
  { what: "JSON", hint: downloadHint, matches: (_, text) => /^\s*[{[]\s*["{[\]}\d]/.test(text) },
  // an ONNX file has length bytes and field tags below 0x20 all over
  {
    what: "text",
    hint: downloadHint,
    matches: (_, text) => text.length >= 16 && /^[\t\n\r\x20-\x7e\x80-\xff]*$/.test(text),
  },
];

/**
 * Refuses what people take for ONNX files by mistake; `name` is used in the error.
 * @throws E_MODEL_EMPTY, E_MODEL_NOT_ONNX with what it looks like and how to get the model
 */
export function refuseLookalikes(bytes: Uint8Array, name: string): void {
  if (bytes.length === 0) {
    throw new ToolkitError("E_MODEL_EMPTY", `Cannot read ${name}: it is empty (0 bytes)`, {
      hint: "the download may have failed: fetch the file again",
    });
  }
  const head = bytes.subarray(0, HEAD_BYTES);
  const text = String.fromCharCode(...head).replace(/^\u00ef\u00bb\u00bf/, ""); // a byte order mark
  const found = lookalikes.find((l) => l.matches(head, text));
  if (found) {
    throw new ToolkitError(
      "E_MODEL_NOT_ONNX",
      `Cannot read ${name}: it is not an ONNX file (looks like ${found.what})`,
      {
        hint: found.hint,
      },
    );
  }
}
