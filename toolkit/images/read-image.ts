import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { errorCode, errorMessage, ToolkitError } from "../errors.ts";

/**
 * The bytes of a regular file of at most `maxBytes`.
 * @throws E_IMAGE_READ, E_IMAGE_TOO_LARGE, or E_IMAGE_DECODE where it is empty
 */
export async function readImage(path: string, maxBytes: number): Promise<Uint8Array> {
  // a pipe without a writer would otherwise hang the open
  const file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new ToolkitError("E_IMAGE_READ", `Cannot read "${path}": expected a regular file`);
    if (stat.size > maxBytes) {
      throw new ToolkitError(
        "E_IMAGE_TOO_LARGE",
        `Cannot read "${path}": it has ${stat.size} bytes, expected at most ${maxBytes}`,
      );
    }
    const bytes = await file.readFile();
    if (bytes.byteLength === 0) throw new ToolkitError("E_IMAGE_DECODE", `Cannot decode "${path}": the file is empty`);
    return bytes;
  } catch (error) {
    throw error instanceof ToolkitError ? error : unreadable(path, error);
  } finally {
    await file.close();
  }
}

function unreadable(path: string, cause: unknown): ToolkitError {
  const code = errorCode(cause);
  const why = code === "ENOENT" ? "no such file" : code === "EACCES" ? "permission denied" : errorMessage(cause);
  return new ToolkitError("E_IMAGE_READ", `Cannot read "${path}": ${why}`, { cause });
}
