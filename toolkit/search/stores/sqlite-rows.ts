import type { SqlValue } from "./sqlite-driver.ts";

/**
 * Text as SQLite can hold it. SQLite ends text at a NUL and has no lone surrogates, both of which a name may contain; such text is
 * kept as UTF-16 bytes, which are never equal to any text.
 */
export function encodeText(text: string): string | Uint8Array {
  if (!/[\0\p{Surrogate}]/u.test(text)) return text;
  const units = new DataView(new ArrayBuffer(text.length * 2));
  for (let i = 0; i < text.length; i++) units.setUint16(i * 2, text.charCodeAt(i), true);
  return new Uint8Array(units.buffer);
}

export function decodeText(value: SqlValue | undefined): string {
  if (!(value instanceof Uint8Array)) return String(value);
  const units = new DataView(value.buffer, value.byteOffset, value.byteLength);
  let text = "";
  for (let i = 0; i < value.byteLength; i += 2) text += String.fromCharCode(units.getUint16(i, true));
  return text;
}

export function encodeHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
}

export function decodeHex(value: SqlValue | undefined): string {
  return value instanceof Uint8Array ? Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("") : "";
}

/** Floats as little-endian bytes, as every platform we run on has them in memory. */
export function encodeFloats(values: Float32Array | null): Uint8Array | null {
  return values && new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

export function decodeFloats(value: SqlValue | undefined): Float32Array {
  // copied, because a view of floats must begin at a multiple of four bytes
  return value instanceof Uint8Array ? new Float32Array(value.slice().buffer) : new Float32Array();
}
