/** A 64-bit integer as protobufjs hands it over. */
export interface Long {
  toNumber(): number;
  toBigInt(): bigint;
}

/**
 * A 64-bit integer as a number. Beyond 2^53 it is held at the largest safe integer: files write INT64_MAX where they mean "to the end",
 * and the largest safe integer means the same.
 */
export function safeInteger(v: number | Long): number {
  const n = typeof v === "number" ? v : v.toNumber();
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Number.MAX_SAFE_INTEGER, n));
}

/** A 64-bit integer, exactly. */
export function exactInteger(v: number | Long): bigint {
  return typeof v === "number" ? BigInt(v) : v.toBigInt();
}
