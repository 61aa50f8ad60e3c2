import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { errorCode, errorMessage } from "../../toolkit/errors.ts";
import { readModelFile } from "../../toolkit/onnx/read-file.ts";
import { onnx } from "../../toolkit/onnx/schema.js";
import { modelBytes, node } from "../support/onnx-bytes.ts";

const posix = process.platform !== "win32";

describe("onnx/read-file and external-file", () => {
  let outer = "";
  let folder = "";
  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), "onnx-graft-"));
    folder = join(outer, "model");
    mkdirSync(folder);
    const floats = new Uint8Array(Float32Array.of(1, 2, 3, 4).buffer);
    writeFileSync(join(outer, "secret.bin"), floats);
    writeFileSync(join(folder, "w.bin"), floats);
  });
  afterEach(() => rmSync(outer, { recursive: true }));

  /** Writes a model whose weight of two elements lies at `location`, and gives what is read of it. */
  async function read(location: string, more: Readonly<Record<string, string>> = {}): Promise<number[]> {
    const external_data = Object.entries({ location, ...more }).map(([key, value]) => ({ key, value }));
    const initializer = [
      { name: "w", data_type: 1, dims: [2], data_location: onnx.TensorProto.DataLocation.EXTERNAL, external_data },
    ];
    writeFileSync(join(folder, "m.onnx"), modelBytes({ node: [node("Add", ["x", "w"], ["y"])], initializer }));
    const { graph } = await readModelFile(join(folder, "m.onnx"));
    return Array.from(graph.constants.get("w")?.data ?? [], Number);
  }

  it("readModelFile() reads a file", async () => {
    writeFileSync(join(folder, "m.onnx"), modelBytes());
    assert.equal((await readModelFile(join(folder, "m.onnx"))).graph.nodes[0]?.op, "Relu");
  });

  it("readModelFile() says what is wrong with a path", async () => {
    await refused(/"gone\.onnx": there is no such file/, readModelFile("gone.onnx"), "E_MODEL_NOT_FOUND");
    await refused(/it is a folder, expected an ONNX file/, readModelFile(folder), "E_MODEL_NOT_FOUND");
    await refused(
      /w\.bin": it has 16 bytes, more than/,
      readModelFile(join(folder, "w.bin"), { limits: { fileBytes: 9 } }),
      "E_MODEL_TOO_LARGE",
    );
    writeFileSync(join(folder, "empty.onnx"), "");
    await refused(/empty\.onnx": it is empty/, readModelFile(join(folder, "empty.onnx")), "E_MODEL_EMPTY");
  });

  it("readModelFile() reads external data at its offset, in sub-folders too", async () => {
    assert.deepEqual(await read("w.bin"), [1, 2]);
    assert.deepEqual(await read("w.bin", { offset: "8", length: "8" }), [3, 4]);
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "v.bin"), new Uint8Array(Float32Array.of(7, 8).buffer));
    assert.deepEqual(await read("data/v.bin"), [7, 8]);
    assert.deepEqual(await read("./data/v.bin"), [7, 8]);
  });

  it("readModelFile() refuses external data outside the folder", async () => {
    await refused(/outside the model folder/, read("../secret.bin"));
    await refused(/outside the model folder/, read("sub/../../secret.bin"));
    await refused(/absolute path/, read(join(outer, "secret.bin")));
  });

  it("readModelFile() refuses external data that is missing, short, or no file", async () => {
    await refused(/"gone\.bin": it does not exist/, read("gone.bin"));
    await refused(/"gone\/w\.bin": it does not exist/, read("gone/w.bin"));
    await refused(/it has 16 bytes, 20 are needed/, read("w.bin", { offset: "12" }));
    await refused(/it has 16 bytes, \d+ are needed/, read("w.bin", { offset: String(2 ** 53 - 1) }));
    await refused(/expected a count of bytes/, read("w.bin", { offset: "-8" }));
    await refused(/holds 9,007,199,254,740,991 bytes/, read("w.bin", { length: String(2 ** 53 - 1) }), "E_MODEL_SHAPE");
    mkdirSync(join(folder, "data"));
    await refused(/"data"/, read("data"));
    await refused(/"\*\/_ORT_MEM_ADDR_\/\*": it does not exist/, read("*/_ORT_MEM_ADDR_/*"));
  });

  (posix ? it : it.skip)("readModelFile() refuses links to other files", async () => {
    symlinkSync(join(outer, "secret.bin"), join(folder, "link.bin"));
    await refused(/it is a symbolic link/, read("link.bin"));
    symlinkSync(join(folder, "w.bin"), join(folder, "inside.bin"));
    await refused(/it is a symbolic link/, read("inside.bin"));
    symlinkSync(outer, join(folder, "up"));
    await refused(/outside the model folder/, read("up/secret.bin"));
    linkSync(join(outer, "secret.bin"), join(folder, "hard.bin"));
    await refused(/it is a hard link/, read("hard.bin"));
  });

  (posix ? it : it.skip)("readModelFile() follows a link of folders that stays inside", async () => {
    mkdirSync(join(folder, "data"));
    writeFileSync(join(folder, "data", "v.bin"), new Uint8Array(8));
    symlinkSync(join(folder, "data"), join(folder, "alias"));
    assert.deepEqual(await read("alias/v.bin"), [0, 0]);
  });

  (posix ? it : it.skip)("readModelFile() does not wait for a pipe", async () => {
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(folder, "pipe")]);
    await refused(/no regular file/, read("pipe"));
    await refused(/no regular file/, readModelFile(join(folder, "pipe")), "E_MODEL_NOT_FOUND");
  });
});

async function refused(pattern: RegExp, action: Promise<unknown>, code = "E_MODEL_EXTERNAL"): Promise<void> {
  await assert.rejects(action, (error: unknown) => {
    assert.equal(errorCode(error), code, errorMessage(error));
    assert.match(errorMessage(error), pattern);
    return true;
  });
}
