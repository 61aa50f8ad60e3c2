import { open } from "node:fs/promises";

const BLOCK = 512;

/** The regular files of an uncompressed tar of short names (ustar), one at a time. */
export async function* tarEntries(path: string): AsyncGenerator<{ readonly name: string; readonly bytes: Uint8Array }> {
  const file = await open(path, "r");
  try {
    const header = new Uint8Array(BLOCK);
    for (let at = 0; (await file.read(header, 0, BLOCK, at)).bytesRead === BLOCK && header[0] !== 0;) {
      const size = Number.parseInt(text(header, 124, 12), 8);
      const kind = text(header, 156, 1);
      if (kind === "0" || kind === "") {
        const bytes = new Uint8Array(size);
        await file.read(bytes, 0, size, at + BLOCK);
        yield { name: text(header, 0, 100), bytes };
      }
      at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
  } finally {
    await file.close();
  }
}

function text(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return new TextDecoder().decode(end < 0 ? field : field.subarray(0, end)).trim();
}
