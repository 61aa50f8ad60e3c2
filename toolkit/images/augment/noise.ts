import type { Pixels } from "../decoder.ts";

/** Adds to every byte a normal number of its own, of the given standard deviation in levels 0..255, that follows from `seed`. */
export function gaussianNoise({ width, height, data }: Pixels, deviation: number, seed: number): Pixels {
  const out = new Uint8ClampedArray(data.length);
  // Box and Muller: two uniform numbers make two normal ones
  for (let i = 0; i < data.length; i += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log((scrambled(seed, i) + 1) / 0x1_0000_0000));
    const angle = (2 * Math.PI * scrambled(seed, i + 1)) / 0x1_0000_0000;
    out[i] = data[i]! + radius * Math.cos(angle);
    if (i + 1 < data.length) out[i + 1] = data[i + 1]! + radius * Math.sin(angle);
  }
  return { width, height, data: new Uint8Array(out.buffer) };
}

/** Bytes that are all equally likely. */
export function uniformBytes(length: number, seed: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = scrambled(seed, i >> 2) >>> ((i & 3) * 8);
  return out;
}

/**
 * Number `index` of the unsigned 32-bit numbers of a seed: a Weyl sequence through MurmurHash3's finisher, twice (Austin Appleby,
 * public domain), since a full hash for every byte would take ten times as long.
 */
function scrambled(seed: number, index: number): number {
  return finish((seed ^ finish(Math.imul(index, 0x9e3779b9) + 0x7f4a7c15)) | 0);
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
