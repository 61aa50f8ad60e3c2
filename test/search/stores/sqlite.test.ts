import assert from "node:assert/strict";
import { access, copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openIndex } from "../../../toolkit/search/open-index.ts";
import type { Plan } from "../../../toolkit/search/plan.ts";
import type { Connection } from "../../../toolkit/search/stores/sqlite-driver.ts";
import { connectionOver, isSafe, loadSqlite } from "../../../toolkit/search/stores/sqlite-driver.ts";
import { planSql } from "../../../toolkit/search/stores/sqlite-query.ts";
import { sqliteStore } from "../../../toolkit/search/stores/sqlite.ts";
import { photo, storeSuite } from "../../support/store-suite.ts";

async function withDatabase<T>(path: string, work: (connection: Connection) => T): Promise<T> {
  const Opener = await loadSqlite();
  const connection = connectionOver(new Opener(path, { readOnly: false }));
  try {
    return work(connection);
  } finally {
    connection.close();
  }
}

describe("search/stores/sqlite", () => {
  storeSuite(() => sqliteStore(":memory:"));

  let folder = "";
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), "label-index-"))));
  afterEach(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));

  it("keeps photos in a file, and reads them when it may not write", async () => {
    const path = join(folder, "photos.db");
    const index = await openIndex(path);
    await index.add([photo("a", { cat: 0.5 }, { features: new Float32Array([1, -2.5]) }), photo("b", { cat: 0.75 })]);
    const hits = await index.search("cat");
    await index.close();
    const again = await openIndex(path, { readOnly: true });
    assert.deepEqual(await again.search("cat"), hits);
    await assert.rejects(again.add([photo("c", { cat: 0.5 })]), { code: "E_STORE", message: /photos\.db/ });
    assert.deepEqual(await again.search("cat"), hits);
    await again.close();
    const mode = await withDatabase(path, (connection) => connection.all("PRAGMA journal_mode")[0]);
    assert.deepEqual(Object.values(mode ?? {}), ["wal"]);
  });

  it("has everything in the one file once it is closed", async () => {
    const index = await openIndex(join(folder, "photos.db"));
    await index.add([photo("a", { cat: 0.5 })]);
    await index.close();
    await copyFile(join(folder, "photos.db"), join(folder, "moved.db"));
    const moved = await openIndex(join(folder, "moved.db"));
    assert.equal((await moved.search("cat")).length, 1);
    await moved.close();
  });

  it("makes no file when opened for reading", async () => {
    const path = join(folder, "typing-error.db");
    await assert.rejects(openIndex(path, { readOnly: true }), { code: "E_STORE", message: /typing-error\.db/ });
    await assert.rejects(access(path));
  });

  it("refuses a path that cannot be a database", async () => {
    for (const path of ["", join(folder, "no", "such", "folder.db"), folder])
      await assert.rejects(openIndex(path), { code: "E_STORE" });
  });

  it("refuses a file that is no database, and leaves it as it was", async () => {
    const path = join(folder, "letter.txt");
    await writeFile(path, "Dear reader, ".repeat(1000));
    await assert.rejects(openIndex(path), { code: "E_STORE", message: /not a database/, hint: /name a new file/ });
    assert.equal(await readFile(path, "utf8"), "Dear reader, ".repeat(1000));
  });

  it("refuses another program's database, and leaves it as it was", async () => {
    const path = join(folder, "other.db");
    await withDatabase(path, (connection) => connection.exec("CREATE TABLE image (id)"));
    const before = await readFile(path);
    await assert.rejects(openIndex(path), { code: "E_STORE", message: /another program's database/ });
    assert.deepEqual(await readFile(path), before);
  });

  it("refuses an index of a newer toolkit by its version", async () => {
    const path = join(folder, "newer.db");
    await (await openIndex(path)).close();
    await withDatabase(path, (connection) => connection.exec("PRAGMA user_version = 99"));
    await assert.rejects(openIndex(path), { code: "E_STORE_VERSION", message: /version 99/, hint: /update/ });
  });

  it("refuses a damaged index instead of answering from it", async () => {
    const path = join(folder, "photos.db");
    const index = await openIndex(path);
    await index.add(Array.from({ length: 500 }, (_, i) => photo(`${i}`, { cat: 0.5, dog: 0.5 })));
    await index.close();
    const bytes = await readFile(path);
    const damaged = join(folder, "damaged.db");
    await writeFile(damaged, bytes.fill(0xa5, 8192));
    await assert.rejects(async () => (await openIndex(damaged)).search("cat dog"), { code: "E_STORE", hint: /backup/ });
  });

  it("copies itself to a new file only", async () => {
    const index = await openIndex(join(folder, "photos.db"));
    await index.add([photo("a", { cat: 0.5 })]);
    const copy = join(folder, "copy.db");
    await index.backup(copy);
    await assert.rejects(index.backup(copy), { code: "E_STORE", message: /copy\.db/ });
    await index.close();
    const copied = await openIndex(copy);
    assert.deepEqual(
      (await copied.search("cat")).flatMap((hit) => hit.paths),
      ["a"],
    );
    await copied.close();
  });

  it("reads one label's best photos from the index, in its order", async () => {
    const label = { kind: "label", labelIds: [1], minPpm: 1, boost: 1000 } as const;
    const plan: Plan = {
      where: label,
      cover: [label],
      score: { kind: "label", label, factor: 1000 },
      limit: 20,
      offset: 0,
    };
    assert.deepEqual(await stepsOf(plan), [
      "SEARCH image_label USING COVERING INDEX image_label_top (label_id=? AND weight_ppm>?)",
    ]);
  });

  it("walks the rarer label of an AND, and looks the other up by key", async () => {
    const labels = [1, 2].map((id) => ({ kind: "label", labelIds: [id], minPpm: 1, boost: 1000 }) as const);
    const score = {
      kind: "min",
      of: labels.map((label) => ({ kind: "label", label, factor: 1000 }) as const),
    } as const;
    const plan: Plan = { where: { kind: "and", of: labels }, cover: labels.slice(1), score, limit: 20, offset: 0 };
    const steps = await stepsOf(plan);
    assert.equal(steps[0], "SEARCH image_label USING COVERING INDEX image_label_top (label_id=? AND weight_ppm>?)");
    assert.ok(steps.includes("SEARCH x USING PRIMARY KEY (image_id=? AND label_id=?)"), steps.join("\n"));
    assert.ok(!steps.some((step) => step.startsWith("SCAN")), steps.join("\n"));
  });

  it("loadSqlite() says what it looked for when there is no driver", async () => {
    await assert.rejects(loadSqlite(["node:no-such-module", "no-such-package"]), {
      code: "E_STORE_DRIVER",
      message: /node:no-such-module: not installed; no-such-package: not installed/,
      hint: /npm install/,
    });
  });

  it("isSafe() knows the versions that can lose commits", () => {
    for (const version of ["3.51.3", "3.52.0", "4.0.0", "3.53"]) assert.equal(isSafe(version), true, version);
    for (const version of ["3.51.2", "3.45.1", "3.9.9", "2.99.9"]) assert.equal(isSafe(version), false, version);
  });

  async function stepsOf(plan: Plan): Promise<string[]> {
    const path = join(folder, "plan.db");
    await (await openIndex(path)).close();
    const { text, values } = planSql(plan);
    return withDatabase(path, (connection) =>
      connection.all(`EXPLAIN QUERY PLAN ${text}`, ...values).map((row) => String(row["detail"])),
    );
  }
});
