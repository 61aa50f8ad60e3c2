import assert from "node:assert/strict";
import { checkBytes, defaultLimits, type Limits } from "../../toolkit/onnx/limits.ts";
import {
  ascii,
  field,
  integerField,
  join,
  modelBytes,
  node,
  repeat,
  varint,
  vector,
  weight,
} from "../support/onnx-bytes.ts";

const GRAPH = 7;
const NODE = 1;
const INITIALIZER = 5;
const ATTRIBUTE = 5;

function check(bytes: Uint8Array, limits: Partial<Limits> = {}): void {
  checkBytes(bytes, "m", { ...defaultLimits, ...limits });
}

/** A model whose graph is `graph`, byte by byte. */
function withGraph(graph: Uint8Array): Uint8Array {
  return join(integerField(1, 8), field(GRAPH, graph));
}

function throwsCode(code: string, pattern: RegExp, action: () => void): void {
  assert.throws(action, (error: unknown) => {
    const { message } = error as Error;
    assert.equal((error as { code?: string }).code, code, message);
    assert.match(message, pattern);
    return true;
  });
}

describe("onnx/limits", () => {
  it("checkBytes() accepts a plain model", () => check(modelBytes()));

  it("checkBytes() refuses a file over the size limit", () => {
    throwsCode("E_MODEL_TOO_LARGE", /^Cannot read m: it has \d+ bytes, more than the limit of 20$/, () =>
      check(modelBytes(), { fileBytes: 20 }),
    );
  });

  it("checkBytes() names the field at which a file ends early, and the bytes missing", () => {
    const weights = Array.from({ length: 1000 }, (_, i) => i);
    const bytes = modelBytes({ node: [], initializer: [weight("a"), weight("b", weights)] });
    const start = bytes.findIndex((_, i) => bytes[i] === 0x4a && bytes[i + 1] === 0xa0 && bytes[i + 2] === 0x1f);
    throwsCode("E_MODEL_TRUNCATED", /field graph\.initializer\[1\]\.raw_data needs 4,000 bytes, 1,024 left/, () =>
      check(bytes.subarray(0, start + 3 + 1024)),
    );
  });

  it("checkBytes() calls every cut inside the graph truncated", () => {
    const bytes = modelBytes({ initializer: [weight("a"), weight("b")] });
    const graphEnd = bytes.length - 6; // after it comes opset_import: an empty domain, version 17
    assert.deepEqual([...bytes.subarray(graphEnd)], [0x42, 4, 0x0a, 0, 0x10, 17]);
    for (let end = 3; end < graphEnd; end++) {
      throwsCode("E_MODEL_TRUNCATED", /^Cannot read m: it ends early, field graph/, () =>
        check(bytes.subarray(0, end)),
      );
    }
  });

  it("checkBytes() calls a length of 2^40 truncated, without a try to allocate it", () => {
    throwsCode("E_MODEL_TRUNCATED", /graph\.initializer\[0\]\.raw_data needs 1,099,511,627,776 bytes, 3 left/, () =>
      check(
        join(
          integerField(1, 8),
          Uint8Array.of(0x3a),
          Uint8Array.from(varint(2 ** 41)),
          Uint8Array.of(0x2a),
          Uint8Array.from(varint(2 ** 40 + 20)),
          field(9, new Uint8Array(3), 2 ** 40),
        ),
      ),
    );
  });

  it("checkBytes() refuses a message that is longer than the one around it", () => {
    // what follows the graph makes sense as part of the node, too
    const bytes = join(withGraph(field(NODE, new Uint8Array(), 4)), Uint8Array.of(0x42, 2, 0x10, 17));
    throwsCode("E_MODEL_INVALID", /damaged at graph\.node\[0\]: a message is longer/, () => check(bytes));
    throwsCode("E_MODEL_INVALID", /damaged at graph\.name: it is longer/, () =>
      check(join(withGraph(field(2, ascii("a"), 5)), Uint8Array.of(0x42, 2, 0x10, 17))),
    );
  });

  it("checkBytes() refuses groups, reserved wire types, field 0 and endless integers", () => {
    for (const bad of [[0x0b], [0x0c], [0x0e], [0x0f], [0x00], [0x08, ...Array.from({ length: 10 }, () => 0xff)]]) {
      throwsCode("E_MODEL_NOT_ONNX", /it is not an ONNX file/, () =>
        check(join(Uint8Array.from(bad), new Uint8Array(20))),
      );
      throwsCode("E_MODEL_INVALID", /damaged at graph/, () =>
        check(withGraph(join(Uint8Array.from(bad), new Uint8Array(20)))),
      );
    }
  });

  it("checkBytes() passes over fields of later versions", () => {
    const later = join(field(30, ascii("new")), integerField(31, 7), integerField(1000, 7));
    check(join(integerField(1, 8), later, field(GRAPH, later)));
  });

  it("checkBytes() says that a file without a graph holds none", () => {
    throwsCode("E_MODEL_INVALID", /it holds no graph/, () => check(integerField(1, 8)));
  });

  it("checkBytes() refuses deep nesting, whose depth costs it no stack", () => {
    throwsCode("E_MODEL_TOO_COMPLEX", /nested deeper than 32 \(at graph/, () =>
      check(join(integerField(1, 8), nested(20_000))),
    );
    check(join(integerField(1, 8), nested(32)));
    throwsCode("E_MODEL_TOO_COMPLEX", /nested/, () => check(join(integerField(1, 8), nested(33))));
  });

  const amplifiers: readonly (readonly [title: string, bytes: () => Uint8Array, pattern: RegExp])[] = [
    ["a million nodes", () => withGraph(repeat(Uint8Array.of(0x0a, 0), 1e6)), /more than 20,000 nodes/],
    ["a million initializers", () => withGraph(repeat(Uint8Array.of(0x2a, 0), 1e6)), /more than 20,000 tensors/],
    [
      "a million attributes",
      () => withGraph(field(NODE, repeat(Uint8Array.of(0x2a, 0), 1e6))),
      /more than 200,000 attributes/,
    ],
    [
      "two million empty names",
      () => withGraph(field(NODE, repeat(Uint8Array.of(0x0a, 0), 2e6))),
      /more than 1,000,000 items/,
    ],
    ["two million empty values", () => withGraph(repeat(Uint8Array.of(0x6a, 0), 2e6)), /more than 1,000,000 items/],
    [
      "two million empty strings",
      () => withGraph(field(INITIALIZER, repeat(Uint8Array.of(0x32, 0), 2e6))),
      /more than 1,000,000 items/,
    ],
    [
      "8 MB of packed dims",
      () => withGraph(field(INITIALIZER, field(1, new Uint8Array(8e6).fill(1)))),
      /more than 1,000,000 int64s/,
    ],
    [
      "8 MB of single dims",
      () => withGraph(field(INITIALIZER, repeat(Uint8Array.of(0x08, 1), 4e6))),
      /more than 1,000,000 int64s/,
    ],
    [
      "60 MB of int32 data",
      () => withGraph(field(INITIALIZER, field(5, new Uint8Array(60e6).fill(1)))),
      /more than 50,000,000 int32s/,
    ],
    [
      "a name of 1 MB",
      () => withGraph(field(2, new Uint8Array(1e6).fill(65))),
      /a string of 1,000,000 bytes, more than 65,536/,
    ],
    [
      "a documentation of 5 MB",
      () => withGraph(field(10, new Uint8Array(5e6).fill(65))),
      /a string of 5,000,000 bytes/,
    ],
  ];
  for (const [title, make, pattern] of amplifiers) {
    it(`checkBytes() refuses ${title} without decoding it`, () => {
      const bytes = make();
      const before = process.memoryUsage().rss;
      throwsCode("E_MODEL_TOO_COMPLEX", pattern, () => check(bytes));
      assert.ok(process.memoryUsage().rss - before < 40e6);
    });
  }

  it("checkBytes() takes weights of any size as they are", () => {
    check(
      modelBytes({
        initializer: [{ name: "w", data_type: 1, dims: [2e6], float_data: Array.from({ length: 2e6 }, () => 1) }],
      }),
    );
    check(
      modelBytes({
        initializer: [{ name: "w", data_type: 10, dims: [2e6], int32_data: Array.from({ length: 2e6 }, () => 15360) }],
      }),
    );
  });

  it("checkBytes() lets limits be raised", () => {
    const nodes = Array.from({ length: 50 }, (_, i) => node("Relu", [`v${i}`], [`v${i + 1}`]));
    const bytes = modelBytes({ node: nodes, input: [vector("v0")], output: [vector("v50")] });
    throwsCode("E_MODEL_TOO_COMPLEX", /more than 40 nodes \(at graph\.node\[40\]\)/, () => check(bytes, { nodes: 40 }));
    check(bytes, { nodes: 50 });
  });
});

/** `depth` messages, each around the next: graph, node, attribute, graph ... */
function nested(depth: number): Uint8Array {
  const parts: number[][] = [];
  let length = 0;
  for (let i = depth - 1; i >= 0; i--) {
    const number = i === 0 ? GRAPH : ([6, NODE, ATTRIBUTE][i % 3] ?? 0);
    const head = [...varint(number * 8 + 2), ...varint(length)];
    parts.push(head);
    length += head.length;
  }
  return Uint8Array.from(parts.toReversed().flat());
}
