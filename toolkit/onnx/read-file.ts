import { readFile, stat } from "node:fs/promises";
import { errorMessage, ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";
import { decodeModel, type DecodeOptions } from "./decode.ts";
import { externalReader } from "./external-file.ts";
import { checkFileSize, defaultLimits } from "./limits.ts";

/**
 * Reads the ONNX file at `path`, with external data from its folder.
 * @throws E_MODEL_NOT_FOUND, and what decodeModel throws
 */
export async function readModelFile(path: string, options: Omit<DecodeOptions, "readExternal"> = {}): Promise<Model> {
  const name = options.name ?? `"${path}"`;
  const bytes = await readBytes(path, name, options);
  return decodeModel(bytes, { ...options, name, readExternal: externalReader(path) });
}

async function readBytes(path: string, name: string, options: DecodeOptions): Promise<Uint8Array> {
  try {
    const info = await stat(path);
    if (!info.isFile()) {
      const what = info.isDirectory() ? "a folder" : "no regular file";
      throw new ToolkitError("E_MODEL_NOT_FOUND", `Cannot read ${name}: it is ${what}, expected an ONNX file`, {
        hint: "give the path of the .onnx file itself",
      });
    }
    // before it is in memory
    checkFileSize(info.size, name, { ...defaultLimits, ...options.limits });
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof ToolkitError) throw cause;
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    throw new ToolkitError(
      "E_MODEL_NOT_FOUND",
      `Cannot read ${name}: ${missing ? "there is no such file" : errorMessage(cause)}`,
      {
        hint: "check the path and its permissions",
        cause,
      },
    );
  }
}
