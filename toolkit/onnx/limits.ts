import { ToolkitError } from "../errors.ts";
import { refuseLookalikes } from "./sniff.ts";
import { formatCount, scanWire } from "./wire-scan.ts";

/** What a model file may ask of this process. A file is checked against these before anything is decoded from it. */
export interface Limits {
  /** Bytes of the file together with its external data. */
  readonly fileBytes: number;
  /** Messages inside messages; a subgraph takes three levels, a dimension of an input seven in all. */
  readonly nesting: number;
  readonly nodes: number;
  /** Tensors of every kind: initializers and those in attributes. */
  readonly tensors: number;
  readonly attributes: number;
  /** Messages and repeated strings of all kinds; each costs some 200 bytes when decoded. */
  readonly items: number;
  /** Elements of int64 fields (dims, int64_data, ints): each is decoded into an object, 80 bytes for one on the wire. */
  readonly int64s: number;
  /** Elements of int32 fields: plain numbers. Old files keep float16 and quantised weights there, one element per weight. */
  readonly int32s: number;
  /** Bytes of one name. */
  readonly nameBytes: number;
  /** Bytes of one documentation string or metadata value; a list of labels is one value. */
  readonly textBytes: number;
}

export const defaultLimits: Limits = {
  fileBytes: 500e6,
  nesting: 32,
  nodes: 20_000,
  tensors: 20_000,
  attributes: 200_000,
  items: 1e6,
  int64s: 1e6,
  int32s: 50e6,
  nameBytes: 65_536,
  textBytes: 4_194_304,
};

/**
 * Checks a file's size, kind and structure without decoding it: memory stays constant, time is linear in the number of fields.
 * @throws E_MODEL_EMPTY, E_MODEL_TOO_LARGE, E_MODEL_NOT_ONNX, E_MODEL_TRUNCATED, E_MODEL_TOO_COMPLEX, E_MODEL_INVALID
 */
export function checkBytes(bytes: Uint8Array, name: string, limits: Limits): void {
  checkFileSize(bytes.length, name, limits);
  refuseLookalikes(bytes, name);
  scanWire(bytes, name, limits);
}

/** @throws E_MODEL_TOO_LARGE where `size` bytes are more than the limit */
export function checkFileSize(size: number, name: string, limits: Limits): void {
  if (size <= limits.fileBytes) return;
  throw new ToolkitError(
    "E_MODEL_TOO_LARGE",
    `Cannot read ${name}: it has ${formatCount(size)} bytes, more than the limit of ${formatCount(limits.fileBytes)}`,
    { hint: "raise limits.fileBytes if you trust the file" },
  );
}
