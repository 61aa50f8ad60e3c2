import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { errorMessage, ToolkitError } from "../errors.ts";

/**
 * The SHA-256 of a file's content in hexadecimal, read in pieces.
 * @throws E_IMAGE_READ
 */
export async function hashFile(path: string): Promise<string> {
  const digest = createHash("sha256");
  try {
    for await (const piece of createReadStream(path)) digest.update(piece as Uint8Array);
  } catch (error) {
    throw new ToolkitError("E_IMAGE_READ", `Cannot read "${path}": ${errorMessage(error)}`, { cause: error });
  }
  return digest.digest("hex");
}

/** The SHA-256 of bytes in hexadecimal. */
export function hashBytes(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
