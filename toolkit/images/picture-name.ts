import type { EncodedPicture, FilePart } from "./decoder.ts";

/** What messages call a picture: its path in quotes, or how many bytes it has. */
export function pictureName(source: EncodedPicture): string {
  return source instanceof Uint8Array ? `a picture of ${source.length} bytes` : `"${picturePath(source)}"`;
}

/** A path; that of a part of a file ends in "#" and its first byte. */
export function picturePath(source: string | FilePart): string {
  return typeof source === "string" ? source : `${source.file}#${source.offset}`;
}
