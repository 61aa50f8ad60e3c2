import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRecordFile } from "../../toolkit/fine-tune/record-file.ts";
import type { RecordFile } from "../../toolkit/fine-tune/record-file.ts";

interface Entry {
  readonly id: number;
  readonly value: string;
}

describe("fine-tune/record-file", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-records-"));
  });
  after(() => rm(folder, { recursive: true }));
  const open = (name: string): Promise<RecordFile<Entry>> => openRecordFile(join(folder, name), ({ id }) => `${id}`);
  const read = async (name: string): Promise<readonly Entry[]> =>
    (await readFile(join(folder, name), "utf8"))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Entry);

  it("openRecordFile() adds a line for each record, and one that comes again takes the old one's place", async () => {
    const file = await open("a.jsonl");
    assert.deepEqual(file.earlier, []);
    for (const [id, value] of ["x", "y", "z"].entries()) await file.add({ id, value });
    await file.add({ id: 1, value: "new" });
    await file.add({ id: 3, value: "end" });
    assert.deepEqual(
      (await read("a.jsonl")).map(({ id, value }) => [id, value]),
      [
        [0, "x"],
        [1, "new"],
        [2, "z"],
        [3, "end"],
      ],
    );
  });

  it("openRecordFile() passes over a line that was cut off, and writes on behind the last whole one", async () => {
    await writeFile(join(folder, "b.jsonl"), `{"id":0,"value":"x"}\n{"id":1,"val`);
    const file = await open("b.jsonl");
    assert.deepEqual(file.earlier, [{ id: 0, value: "x" }]);
    await file.add({ id: 1, value: "again" });
    assert.deepEqual(await read("b.jsonl"), [
      { id: 0, value: "x" },
      { id: 1, value: "again" },
    ]);
  });
});
