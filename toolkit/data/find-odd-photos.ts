import { open } from "node:fs/promises";
import { extname } from "node:path";
import { pictureFacts, type PictureFormat } from "../images/picture-facts.ts";
import type { Entry } from "./entry.ts";
import { inOrder } from "./in-order.ts";
import type { OddPhoto } from "./odd-photos.ts";

const FORMATS: Readonly<Record<string, PictureFormat>> = {
  ".jpg": "JPEG",
  ".jpeg": "JPEG",
  ".jpe": "JPEG",
  ".jfif": "JPEG",
  ".png": "PNG",
  ".gif": "GIF",
  ".webp": "WebP",
  ".tif": "TIFF",
  ".tiff": "TIFF",
};
/** Headers end before this, as a rule. */
const HEAD_BYTES = 65_536;
/** The first picture of a GIF mostly ends before this. */
const GIF_BYTES = 1_000_000;
const AT_ONCE = 8;

/** Looks at the first bytes of every photo that is a file of its own. One that cannot be read is for whoever decodes it to tell. */
export async function findOddPhotos(
  entries: readonly Entry[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly OddPhoto[]> {
  const files = entries.filter(({ picture }) => picture === undefined);
  const look = (i: number): Promise<readonly OddPhoto[]> => {
    const { id = "", path = "" } = files[i] ?? {};
    return oddities(id, path).catch(() => []);
  };
  const found: OddPhoto[] = [];
  const pace = { concurrency: AT_ONCE, ahead: 4 * AT_ONCE, ...(signal ? { signal } : {}) };
  for await (const odd of inOrder(files.length, look, pace)) found.push(...odd);
  return found;
}

async function oddities(id: string, path: string): Promise<readonly OddPhoto[]> {
  const facts = pictureFacts(await readStart(path));
  if (!facts) return [];
  const { format, isCmyk, isAnimated } = facts;
  const named = FORMATS[extname(path).toLowerCase()];
  return [
    ...(named === format ? [] : [{ id, kind: "format" as const, format }]),
    ...(isCmyk ? [{ id, kind: "cmyk" as const, format }] : []),
    ...(isAnimated ? [{ id, kind: "animated" as const, format }] : []),
  ];
}

async function readStart(path: string): Promise<Uint8Array> {
  const file = await open(path, "r");
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const head = buffer.subarray(0, bytesRead);
    if (bytesRead < HEAD_BYTES || head.toString("latin1", 0, 4) !== "GIF8") return head;
    const more = await file.read(Buffer.alloc(GIF_BYTES), 0, GIF_BYTES, 0);
    return more.buffer.subarray(0, more.bytesRead);
  } finally {
    await file.close();
  }
}
