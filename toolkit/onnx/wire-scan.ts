import { ToolkitError } from "../errors.ts";
import type { Limits } from "./limits.ts";
import { type Message, messages } from "./wire-schema.ts";

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/** Wire type of one element of each kind that is not a message. */
const wireTypes: Readonly<Record<string, number>> = {
  string: LENGTH,
  text: LENGTH,
  bytes: LENGTH,
  int32: VARINT,
  int64: VARINT,
  float: FIXED32,
  double: FIXED64,
};

type Counted = "nodes" | "tensors" | "attributes" | "items" | "int64s" | "int32s";
const countedMessages: Readonly<Record<string, Counted>> = {
  NodeProto: "nodes",
  TensorProto: "tensors",
  AttributeProto: "attributes",
};
/** Field numbers that the indices in error texts are kept for; ONNX's highest is 26. */
const FIELDS = 32;

interface Level {
  message: Message;
  /** Where the message begins and, by its own account, ends: at the top, nowhere. */
  start: number;
  end: number;
  field: number;
}

/**
 * Walks over the protobuf fields of an ONNX file, level by level and without recursion, and counts what decoding would allocate.
 * @throws E_MODEL_NOT_ONNX, E_MODEL_TRUNCATED, E_MODEL_TOO_COMPLEX, E_MODEL_INVALID, with the path of the field
 */
export function scanWire(bytes: Uint8Array, name: string, limits: Limits): void {
  new WireScan(bytes, name, limits).run();
}

class WireScan {
  readonly #bytes: Uint8Array;
  readonly #name: string;
  readonly #limits: Limits;
  readonly #levels: Level[] = [];
  readonly #seen: Uint32Array;
  readonly #counts: Record<Counted, number> = { nodes: 0, tensors: 0, attributes: 0, items: 0, int64s: 0, int32s: 0 };
  #depth = 0;
  #at = 0;
  #hasGraph = false;

  constructor(bytes: Uint8Array, name: string, limits: Limits) {
    this.#bytes = bytes;
    this.#name = name;
    this.#limits = limits;
    this.#levels.push({ message: messageCalled("ModelProto"), start: 0, end: Infinity, field: 0 });
    this.#seen = new Uint32Array((limits.nesting + 1) * FIELDS);
  }

  run(): void {
    for (;;) {
      const level = this.#level();
      if (this.#at === level.end) this.#depth -= 1;
      else if (this.#at < this.#bytes.length) this.#readField(level);
      else if (this.#depth === 0) break;
      else this.#truncated(level.end - level.start, level.start, this.#depth - 1);
    }
    if (!this.#hasGraph) {
      throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${this.#name}: it holds no graph`, {
        hint: "the file may have been cut short, or be something else than a model: fetch it again",
      });
    }
  }

  #readField(level: Level): void {
    const tag = this.#varint(level.end);
    const number = Math.floor(tag / 8);
    const wireType = tag % 8;
    level.field = number;
    if (number === 0) this.#damaged("a field has the number 0");
    if (number < FIELDS) this.#seen[this.#depth * FIELDS + number]! += 1;
    const field = level.message[number];
    // a later version of ONNX may have more fields
    if (!field) return this.#skip(wireType, level.end);
    const [fieldName, kind] = field;
    if (kind in messages) return this.#enter(kind, wireType, level.end);
    const expected = wireTypes[kind];
    if (wireType === expected) {
      this.#countLeaf(kind, 1, fieldName);
      return this.#skip(wireType, level.end, kind);
    }
    if (wireType === LENGTH && fieldName.endsWith("[]") && expected !== LENGTH) return this.#packed(kind, level.end);
    return this.#damaged(`wire type ${wireType} where ${kind} was expected`);
  }

  #enter(kind: string, wireType: number, parentEnd: number): void {
    if (wireType !== LENGTH) this.#damaged(`wire type ${wireType} where ${kind} was expected`);
    const length = this.#varint(parentEnd);
    const end = this.#at + length;
    if (end > parentEnd) this.#damaged("a message is longer than the one around it");
    if (kind === "GraphProto") this.#hasGraph = true;
    const counted = countedMessages[kind];
    if (counted) this.#count(counted, 1);
    this.#count("items", 1);
    if (this.#depth + 1 > this.#limits.nesting)
      this.#tooComplex("nesting", `messages nested deeper than ${this.#limits.nesting}`);
    this.#depth += 1;
    const level = { message: messageCalled(kind), start: this.#at, end, field: 0 };
    this.#levels[this.#depth] = level;
    this.#seen.fill(0, this.#depth * FIELDS, (this.#depth + 1) * FIELDS);
  }

  /** Passes over one field that is no known message. */
  #skip(wireType: number, end: number, kind?: string): void {
    if (wireType === VARINT) this.#varint(end);
    else if (wireType === FIXED64) this.#advance(8, end);
    else if (wireType === FIXED32) this.#advance(4, end);
    else if (wireType === LENGTH) {
      const length = this.#varint(end);
      if (kind === "string") this.#checkLength(length, "nameBytes");
      if (kind === "text") this.#checkLength(length, "textBytes");
      this.#advance(length, end);
    } else this.#damaged(`wire type ${wireType}, which ONNX does not use`);
  }

  /** Repeated numbers in one field. */
  #packed(kind: string, end: number): void {
    const length = this.#varint(end);
    const start = this.#at;
    this.#advance(length, end);
    const size = kind === "float" ? 4 : 8;
    if (kind === "float" || kind === "double") {
      if (length % size !== 0) this.#damaged(`${length} bytes where a multiple of ${size} was expected`);
      return;
    }
    const packed = this.#bytes.subarray(start, this.#at);
    if (length > 0 && packed[length - 1]! >= 0x80) this.#damaged("its last integer does not end");
    let elements = 0;
    for (let i = 0; i < length; i++) if (packed[i]! < 0x80) elements += 1;
    this.#countLeaf(kind, elements, "[]");
  }

  #countLeaf(kind: string, elements: number, fieldName: string): void {
    if (!fieldName.endsWith("[]")) return;
    if (kind === "int64") this.#count("int64s", elements);
    else if (kind === "int32") this.#count("int32s", elements);
    else if (kind === "string" || kind === "bytes") this.#count("items", elements);
  }

  #count(what: Counted, elements: number): void {
    this.#counts[what] += elements;
    const limit = this.#limits[what];
    if (this.#counts[what] > limit) this.#tooComplex(what, `more than ${formatCount(limit)} ${what}`);
  }

  #checkLength(length: number, limit: "nameBytes" | "textBytes"): void {
    if (length > this.#limits[limit] && this.#at + length <= this.#bytes.length) {
      this.#tooComplex(
        limit,
        `a string of ${formatCount(length)} bytes, more than ${formatCount(this.#limits[limit])}`,
      );
    }
  }

  #advance(length: number, end: number): void {
    if (this.#at + length > end) this.#damaged("it is longer than the message around it");
    if (this.#at + length > this.#bytes.length) this.#truncated(length, this.#at, this.#depth);
    this.#at += length;
  }

  /** An unsigned integer; beyond 2^53 its last digits are lost, and such a length is refused anyway. */
  #varint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= end) this.#damaged("an integer runs over the end of its message");
      if (this.#at >= this.#bytes.length) this.#truncated(i + 1, this.#at - i, this.#depth);
      const byte = this.#bytes[this.#at]!;
      this.#at += 1;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return this.#damaged("an integer is longer than 10 bytes");
  }

  #level(): Level {
    return this.#levels[this.#depth]!;
  }

  /** "graph.initializer[12].raw_data": down to the field that is read at `depth`. */
  #path(depth: number): string {
    const parts = this.#levels.slice(0, depth + 1).map((level, i) => {
      const name = level.message[level.field]?.[0] ?? `field ${level.field}`;
      return name.endsWith("[]") ? `${name.slice(0, -2)}[${this.#seen[i * FIELDS + level.field]! - 1}]` : name;
    });
    return parts.join(".");
  }

  #truncated(needed: number, start: number, depth: number): never {
    const left = this.#bytes.length - start;
    throw new ToolkitError(
      "E_MODEL_TRUNCATED",
      `Cannot read ${this.#name}: it ends early, field ${this.#path(depth)} needs ${formatCount(needed)} bytes, ` +
        `${formatCount(left)} left`,
      { hint: "the download or copy was cut short: fetch the file again" },
    );
  }

  #tooComplex(limit: keyof Limits, what: string): never {
    throw new ToolkitError(
      "E_MODEL_TOO_COMPLEX",
      `Cannot read ${this.#name}: it has ${what} (at ${this.#path(this.#depth)})`,
      {
        hint: `raise limits.${limit} if you trust the file`,
      },
    );
  }

  #damaged(what: string): never {
    if (this.#depth === 0 && !this.#hasGraph) {
      throw new ToolkitError("E_MODEL_NOT_ONNX", `Cannot read ${this.#name}: it is not an ONNX file (${what})`, {
        hint: "expected the .onnx file that an exporter wrote",
      });
    }
    throw new ToolkitError(
      "E_MODEL_INVALID",
      `Cannot read ${this.#name}: it is damaged at ${this.#path(this.#depth)}: ${what}`,
      {
        hint: "fetch the file again, or export the model again",
      },
    );
  }
}

function messageCalled(name: string): Message {
  const message = messages[name];
  if (!message) throw new TypeError(`No message is called "${name}"`);
  return message;
}

/** 2359296 as "2,359,296", whatever the locale. */
export function formatCount(n: number): string {
  return n.toLocaleString("en-US");
}
