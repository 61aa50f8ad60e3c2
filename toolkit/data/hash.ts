import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { errorMessage, ToolkitError } from "../errors.ts";
import { readImage } from "../images/read-image.ts";
import { isPixels } from "./decode-photo.ts";
import type { PhotoSource } from "./sample.ts";

/**
 * The SHA-256, in hexadecimal, of a file's content, read in pieces; of encoded bytes, wherever they are; of pixels and their extents.
 * @throws E_IMAGE_READ
 */
export async function hashFile(source: PhotoSource): Promise<string> {
  if (typeof source === "string") return hashPath(source);
  if (isPixels(source)) {
    const { width, height, data } = source;
    return createHash("sha256").update(`${width} ${height} `).update(data).digest("hex");
  }
  return hashBytes(source instanceof Uint8Array ? source : await readImage(source));
}

async function hashPath(path: string): Promise<string> {
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
