import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { openIndex } from "../../../toolkit/search/open-index.ts";
import { memoryStore } from "../../../toolkit/search/stores/memory.ts";
import { connectionOver, loadSqlite } from "../../../toolkit/search/stores/sqlite-driver.ts";
import { BATCH, batchOf } from "./sqlite-writer.ts";

const extension = extname(import.meta.url);
const script = fileURLToPath(new URL(`./sqlite-writer${extension}`, import.meta.url));

function startWriter(path: string, from: number, to: number): ChildProcess {
  const loader = extension === ".ts" ? ["--import=tsx"] : [];
  const argv = [...loader, script, "write-batches", path, String(from), String(to)];
  return spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"] });
}

/** Lines of what the writer says, as they come, until it ends. */
function linesOf(writer: ChildProcess): AsyncIterable<string> {
  assert.ok(writer.stdout);
  return createInterface({ input: writer.stdout });
}

async function checkIntegrity(path: string): Promise<void> {
  const Opener = await loadSqlite();
  const connection = connectionOver(new Opener(path, { readOnly: false }));
  assert.deepEqual(connection.all("PRAGMA integrity_check").map(Object.values), [["ok"]]);
  assert.deepEqual(connection.all("PRAGMA foreign_key_check"), []);
  connection.close();
}

async function photosIn(path: string): Promise<number> {
  const index = await openIndex(path);
  const { photos, files } = await index.stats();
  await index.close();
  assert.equal(photos, files);
  return photos;
}

describe("search/stores/sqlite across processes", function () {
  this.timeout(120_000);
  let folder = "";
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "label-index-"))));
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  it("keeps every batch it said was written when the writer is killed, and goes on to the same index", async () => {
    const path = join(folder, "photos.db");
    let next = 0;
    for (const [batches, waitMs] of [
      [1, 0],
      [3, 1],
      [2, 3],
      [5, 7],
      [4, 2],
    ] as const) {
      const writer = startWriter(path, next, next + 10_000);
      let acknowledged = next;
      for await (const line of linesOf(writer)) {
        if (line === "open") continue;
        acknowledged = Number(line) + 1;
        if (acknowledged === next + batches) setTimeout(() => writer.kill("SIGKILL"), waitMs);
      }
      await checkIntegrity(path);
      const photos = await photosIn(path);
      assert.equal(photos % BATCH, 0, "no batch is half there");
      assert.ok(
        photos / BATCH >= acknowledged,
        `${photos / BATCH} batches are there, ${acknowledged} were acknowledged`,
      );
      assert.ok(photos / BATCH <= acknowledged + 1, "no batch is there that was not begun");
      next = photos / BATCH;
    }
    const whole = await openIndex(memoryStore());
    for (let number = 0; number < next; number++) await whole.add(batchOf(number));
    const killed = await openIndex(path);
    const everything = { limit: next * BATCH };
    assert.deepEqual(await killed.search("every", everything), await whole.search("every", everything));
    assert.deepEqual(
      await killed.search('"label 3" OR "label 4"', everything),
      await whole.search('"label 3" OR "label 4"', everything),
    );
    await killed.close();
  });

  it("answers, and copies itself, while another process writes", async () => {
    const path = join(folder, "photos.db");
    const writer = startWriter(path, 0, 60);
    const ended = once(writer, "exit");
    const lines = linesOf(writer)[Symbol.asyncIterator]();
    while ((await lines.next()).value !== "0");
    const reader = await openIndex(path, { readOnly: true });
    let before = 0;
    let searches = 0;
    while (writer.exitCode === null) {
      const hits = await reader.search("every", { limit: 100_000 });
      assert.equal(hits.length % BATCH, 0, "a search sees whole batches");
      assert.ok(hits.length >= before, "and never fewer than before");
      before = hits.length;
      if (++searches === 2) await reader.backup(join(folder, "copy.db"));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.deepEqual(await ended, [0, null]);
    assert.ok(searches > 2, "the writer ended before it was watched");
    assert.equal((await reader.search("every", { limit: 100_000 })).length, 60 * BATCH);
    await reader.close();
    await checkIntegrity(path);
    await checkIntegrity(join(folder, "copy.db"));
    assert.equal((await photosIn(join(folder, "copy.db"))) % BATCH, 0);
  });

  it("lets two processes make the same new index and write to it", async () => {
    const path = join(folder, "photos.db");
    const writers = [startWriter(path, 0, 20), startWriter(path, 20, 40)];
    assert.deepEqual(await Promise.all(writers.map((writer) => once(writer, "exit"))), [
      [0, null],
      [0, null],
    ]);
    await checkIntegrity(path);
    assert.equal(await photosIn(path), 40 * BATCH);
  });
});
