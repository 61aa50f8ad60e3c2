import { ToolkitError } from "../errors.ts";
import { fromBytes, sizeOf, bytesPerElement, toBytes } from "../graph/tensor.ts";
import type { DType, TensorData } from "../graph/tensor.ts";
import type { Tensors } from "../runtime/runtime.ts";

/** What a checkpoint holds: plain data about the run, and the held state. */
export interface Checkpoint {
  readonly header: Readonly<Record<string, unknown>>;
  readonly tensors: Tensors;
}

interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly offset: number;
}

const MAGIC = "ONNXGRFT";
const VERSION = 1;
const FIXED_BYTES = 8 + 4 + 4;
const DIGEST_BYTES = 32;
const ALIGNMENT = 8;

/** Digests bytes that it is given one after the other. */
export interface Digester {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** A checkpoint as one file: magic, version, header length, JSON header, tensor bytes, sha256 of everything before. */
export async function encodeCheckpoint(checkpoint: Checkpoint): Promise<Uint8Array> {
  const body = joined([...bodyOf(checkpoint)]);
  return joined([body, await webSha256(body)]);
}

/** The same in pieces of at most `size` bytes, each digested when it is asked for, so that whoever writes them can do so meanwhile. Pieces may be views of the tensors. */
export function* checkpointPieces(checkpoint: Checkpoint, sha256: Digester, size: number): Generator<Uint8Array> {
  yield* gathered(digested(divided(bodyOf(checkpoint), size), sha256), size);
}

/** Everything before the digest. */
function* bodyOf({ header, tensors }: Checkpoint): Generator<Uint8Array> {
  let offset = 0;
  const entries: Entry[] = [];
  for (const [name, t] of tensors) {
    entries.push({ name, dtype: t.dtype, shape: t.shape, offset });
    offset += aligned(t.data.byteLength);
  }
  const text = new TextEncoder().encode(JSON.stringify({ header, tensors: entries }));
  const front = new Uint8Array(aligned(FIXED_BYTES + text.length));
  const view = new DataView(front.buffer);
  front.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, text.length, true);
  front.set(text, FIXED_BYTES);
  yield front;
  for (const { data } of tensors.values()) {
    yield toBytes(data);
    yield new Uint8Array(aligned(data.byteLength) - data.byteLength);
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

/** Parts of at most `size` bytes. */
function* divided(parts: Iterable<Uint8Array>, size: number): Generator<Uint8Array> {
  for (const part of parts) {
    for (let at = 0; at < part.length; at += size) yield part.subarray(at, at + size);
  }
}

/** The digest behind the parts. */
function* digested(parts: Iterable<Uint8Array>, sha256: Digester): Generator<Uint8Array> {
  for (const part of parts) {
    sha256.update(part);
    yield part;
  }
  yield sha256.digest();
}

/** Small parts that follow each other as one. */
function* gathered(parts: Iterable<Uint8Array>, size: number): Generator<Uint8Array> {
  let small: Uint8Array[] = [];
  let length = 0;
  for (const part of parts) {
    if (length > 0 && length + part.length > size) {
      yield joined(small);
      [small, length] = [[], 0];
    }
    small.push(part);
    length += part.length;
  }
  if (length > 0) yield joined(small);
}

/** One part stays as it is: nothing is copied. */
function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Reads a checkpoint after checking its digest.
 * @throws E_CHECKPOINT where it is no checkpoint, of another version, cut short or damaged
 */
export async function decodeCheckpoint(bytes: Uint8Array, name = "the checkpoint"): Promise<Checkpoint> {
  const refuse = (why: string): never => {
    throw new ToolkitError("E_CHECKPOINT", `Cannot read ${name}: ${why}`);
  };
  if (bytes.length < FIXED_BYTES + DIGEST_BYTES) refuse(`it has ${bytes.length} bytes, too few for a checkpoint`);
  if (new TextDecoder().decode(bytes.subarray(0, 8)) !== MAGIC) refuse("it is no checkpoint file");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = bytes.length - DIGEST_BYTES;
  const digest = await webSha256(bytes.subarray(0, end));
  if (!digest.every((v, i) => v === bytes[end + i]))
    refuse("its digest does not match its content: it was cut short or damaged");
  // not before: a damaged number is no other version
  const version = view.getUint32(8, true);
  if (version !== VERSION) refuse(`it has version ${version}, this toolkit reads version ${VERSION}`);
  const textLength = view.getUint32(12, true);
  const start = aligned(FIXED_BYTES + textLength);
  const { header, tensors } = JSON.parse(
    new TextDecoder().decode(bytes.subarray(FIXED_BYTES, FIXED_BYTES + textLength)),
  ) as {
    header: Record<string, unknown>;
    tensors: readonly Entry[];
  };
  const read = (e: Entry): TensorData => {
    const from = start + e.offset;
    const length = sizeOf(e.shape) * bytesPerElement(e.dtype);
    return { dtype: e.dtype, shape: e.shape, data: fromBytes(e.dtype, bytes.slice(from, from + length)) };
  };
  return { header, tensors: new Map(tensors.map((e) => [e.name, read(e)])) };
}

async function webSha256(bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>));
}
