import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf from "protobufjs";
import { messages } from "../../toolkit/onnx/wire-schema.ts";
import { root } from "../support/fixtures.ts";

/** Messages that are written once for two of the same form. */
const same: Readonly<Record<string, string>> = { SparseTensor: "Tensor", Optional: "Sequence" };
const scalars: Readonly<Record<string, string>> = { uint64: "int64", AttributeType: "int32", DataLocation: "int32" };

describe("onnx/wire-schema", () => {
  const parsed = protobuf.parse(readFileSync(join(root, "toolkit/onnx/onnx.proto"), "utf8"), { keepCase: true }).root;
  const types: protobuf.Type[] = [];
  const collect = (within: protobuf.NamespaceBase): void => {
    for (const child of within.nestedArray) {
      if (child instanceof protobuf.Type) types.push(child);
      if (child instanceof protobuf.Namespace) collect(child);
    }
  };
  collect(parsed);

  it("has every message of onnx.proto", () => {
    assert.ok(types.length > 25, `${types.length} messages`);
    assert.deepEqual(Object.keys(messages).sort(), [...new Set(types.map((t) => same[t.name] ?? t.name))].sort());
  });

  it("has every field with its number and type", () => {
    for (const type of types) {
      const stated = messages[same[type.name] ?? type.name] ?? {};
      const found = Object.entries(stated).map(
        ([id, [name, kind]]) => `${id} ${name} ${kind === "text" ? "string" : kind}`,
      );
      const expected = type.fieldsArray.map((f) => {
        const kind = f.type.split(".").at(-1) ?? "";
        return `${f.id} ${f.name}${f.repeated ? "[]" : ""} ${same[kind] ?? scalars[kind] ?? kind}`;
      });
      assert.deepEqual(found.sort(), expected.sort(), type.name);
    }
  });
});
