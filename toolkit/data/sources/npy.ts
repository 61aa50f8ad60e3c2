import { ToolkitError } from "../../errors.ts";

/** An array as NumPy writes it. */
export interface NpyArray {
  readonly shape: readonly number[];
  /** In row-major order. Whole numbers of 64 bits as numbers. */
  readonly data:
    | Uint8Array
    | Int8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | Float32Array
    | Float64Array;
}

const MAGIC = "\u0093NUMPY";

type Reader = (bytes: ArrayBuffer) => NpyArray["data"];

/** Types by NumPy's name, without the byte order. */
const TYPES: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["b1", (bytes) => new Uint8Array(bytes)],
  ["u1", (bytes) => new Uint8Array(bytes)],
  ["i1", (bytes) => new Int8Array(bytes)],
  ["u2", (bytes) => new Uint16Array(bytes)],
  ["i2", (bytes) => new Int16Array(bytes)],
  ["u4", (bytes) => new Uint32Array(bytes)],
  ["i4", (bytes) => new Int32Array(bytes)],
  ["f4", (bytes) => new Float32Array(bytes)],
  ["f8", (bytes) => new Float64Array(bytes)],
  ["i8", (bytes) => Float64Array.from(new BigInt64Array(bytes), Number)],
  ["u8", (bytes) => Float64Array.from(new BigUint64Array(bytes), Number)],
]);

/**
 * Reads a .npy file (numpy.lib.format, versions 1 to 3) of little-endian numbers in row-major order.
 * @throws E_DATA_FORMAT
 */
export function readNpy(bytes: Uint8Array, name: string): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const latin = (from: number, to: number): string => String.fromCharCode(...bytes.subarray(from, to));
  if (bytes.length < 12 || latin(0, 6) !== MAGIC) throw refusal(name, "it does not begin as one");
  const isFirst = bytes[6] === 1;
  const headStart = isFirst ? 10 : 12;
  const headEnd = headStart + (isFirst ? view.getUint16(8, true) : view.getUint32(8, true));
  // a Python dictionary of three keys, in this order
  const head =
    /'descr': '(?<order>[<>|=])(?<type>\w+)', 'fortran_order': (?<fortran>True|False), 'shape': \((?<shape>[\d, ]*)\)/.exec(
      headEnd > bytes.length || headEnd > 65_536 ? "" : latin(headStart, headEnd),
    )?.groups;
  if (!head) throw refusal(name, "its header says no type and shape that are known");
  const { order, type = "", fortran, shape: extents = "" } = head;
  const read = TYPES.get(type);
  if (!read || order === ">") throw refusal(name, `its type is "${order}${type}", expected little-endian numbers`);
  if (fortran === "True") throw refusal(name, "it is in column-major order, expected row-major");
  const shape = extents.split(",").flatMap((extent) => (extent.trim() === "" ? [] : [Number(extent)]));
  const size = shape.reduce((product, extent) => product * extent, 1);
  const length = size * Number(type.slice(1));
  if (bytes.length - headEnd !== length) {
    throw refusal(name, `expected ${length} bytes of data, found ${bytes.length - headEnd}`);
  }
  // bytes are taken as they lie, wider numbers must be aligned
  const data = type === "u1" ? bytes.subarray(headEnd) : read(new Uint8Array(bytes.subarray(headEnd)).buffer);
  return { shape, data };
}

function refusal(name: string, reason: string): ToolkitError {
  return new ToolkitError("E_DATA_FORMAT", `Cannot read "${name}" as an array of NumPy: ${reason}`);
}
