/**
 * Counter-based randomness: every number is a pure function of a seed and of what it is for, so that order, threads and resumed runs
 * cannot change it. The mixing is MurmurHash3 x86_32 (Austin Appleby, public domain, github.com/aappleby/smhasher) over 32-bit words.
 */

/** An unsigned 32-bit hash of integers; safe integers of either sign count in full. */
export function hash(seed: number, ...numbers: readonly number[]): number {
  let h = word(0, seed >>> 0);
  h = word(h, highWord(seed));
  for (const n of numbers) h = word(word(h, n >>> 0), highWord(n));
  return finish(h ^ ((numbers.length + 1) * 8));
}

/** An unsigned 32-bit hash of a text: a stream number from a name. */
export function hashText(text: string): number {
  let h = 0;
  for (let i = 0; i < text.length; i++) h = word(h, text.charCodeAt(i));
  return finish(h ^ (text.length * 4));
}

/** A number in [0, 1) on a grid of 2^-32: element `index` of the stream `stream`. */
export function uniform(seed: number, stream: number, index: number): number {
  return hash(seed, stream, index) / 0x1_0000_0000;
}

/** A standard normal number: Box and Muller's transform of two hashes. */
function normal(seed: number, stream: number, index: number): number {
  const radius = Math.sqrt(-2 * Math.log((hash(seed, stream, index, 0) + 1) / 0x1_0000_0000));
  return radius * Math.cos((2 * Math.PI * hash(seed, stream, index, 1)) / 0x1_0000_0000);
}

/** `length` float32 numbers, uniform in [low, high) but for rounding to float32. */
export function fillUniform(length: number, seed: number, stream: number, low = 0, high = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => low + (high - low) * uniform(seed, stream, i));
}

/** `length` float32 numbers, normal with the given mean and standard deviation. */
export function fillNormal(length: number, seed: number, stream: number, mean = 0, deviation = 1): Float32Array {
  return Float32Array.from({ length }, (_, i) => mean + deviation * normal(seed, stream, i));
}

function highWord(n: number): number {
  return Math.floor(n / 0x1_0000_0000) >>> 0;
}

function word(h: number, value: number): number {
  const k = Math.imul(rotate(Math.imul(value, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotate(h ^ k, 13), 5) + 0xe6546b64) | 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function finish(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
