import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sharpDecoder } from "../../toolkit/images/sharp.ts";
import { writeToyPhotos } from "../support/toy-photos.ts";
import { photoCopies } from "./photo-copies.ts";

describe("bench/photo-copies", () => {
  it("photoCopies makes photos of different bytes and, each time around, the same pixels", async () => {
    const toys = mkdtempSync(join(tmpdir(), "photo-copies-"));
    try {
      await writeToyPhotos(toys, { train: 1, validation: 0, sizePx: 8 });
      const copies = await photoCopies([toys], 7);
      const files = readdirSync(copies.folder).map((name) => join(copies.folder, name));
      assert.equal(files.length, 7);
      assert.equal(new Set(files.map((file) => readFileSync(file).toString("base64"))).size, 7);
      const decoder = sharpDecoder();
      const [first, second, third, fourth] = await Promise.all(files.map((file) => decoder.decode(file)));
      assert.deepEqual(fourth, first);
      assert.notDeepEqual(second, first);
      assert.notDeepEqual(third, second);
      await copies.remove();
      assert.ok(!existsSync(copies.folder));
    } finally {
      rmSync(toys, { recursive: true });
    }
  });
});
