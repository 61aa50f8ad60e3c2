import type { Pixels } from "../images/decoder.ts";

/** Decoded pictures by a key. */
export interface KeptPictures {
  get(key: string): Pixels | undefined;
  put(key: string, pixels: Pixels): void;
}

/** Keeps pictures up to a limit in all. Those that came first stay: each epoch asks for all of them, and the ones that were used last are the ones not asked for soon. */
export function keptPictures(maxBytes: number): KeptPictures {
  const kept = new Map<string, Pixels>();
  let bytes = 0;
  return {
    get: (key) => kept.get(key),
    put(key, pixels) {
      if (kept.has(key) || bytes + pixels.data.byteLength > maxBytes) return;
      bytes += pixels.data.byteLength;
      kept.set(key, pixels);
    },
  };
}
