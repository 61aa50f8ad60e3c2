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

/** The SHA-256 of bytes. */
export type Sha256 = (bytes: Uint8Array) => Promise<Uint8Array>;

/**
 * A checkpoint as one file: magic, version, header length, JSON header, tensor bytes, sha256 of everything before. `sha256` may be a quicker one
 * than that of every platform, which copies the bytes first.
 */
export async function encodeCheckpoint(
  { header, tensors }: Checkpoint,
  sha256: Sha256 = webSha256,
): Promise<Uint8Array> {
  let offset = 0;
  const entries: Entry[] = [];
  for (const [name, t] of tensors) {
    entries.push({ name, dtype: t.dtype, shape: t.shape, offset });
    offset += Math.ceil(t.data.byteLength / ALIGNMENT) * ALIGNMENT;
  }
  const text = new TextEncoder().encode(JSON.stringify({ header, tensors: entries }));
  const start = Math.ceil((FIXED_BYTES + text.length) / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(start + offset + DIGEST_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(8, VERSION, true);
  view.setUint32(12, text.length, true);
  bytes.set(text, FIXED_BYTES);
  for (const e of entries) bytes.set(toBytes((tensors.get(e.name) as TensorData).data), start + e.offset);
  const body = bytes.subarray(0, start + offset);
  bytes.set(await sha256(body), start + offset);
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
  const start = Math.ceil((FIXED_BYTES + textLength) / ALIGNMENT) * ALIGNMENT;
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
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}
