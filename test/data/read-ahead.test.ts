import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { readAhead } from "../../toolkit/data/read-ahead.ts";

describe("data/read-ahead", () => {
  const log: string[] = [];
  beforeEach(() => void log.splice(0));
  async function* source(count = 3): AsyncGenerator<number> {
    try {
      for (let i = 0; i < count; i++) {
        log.push(`make ${i}`);
        yield i;
      }
      if (count === 2) throw new Error("broken");
    } finally {
      log.push("closed");
    }
  }

  it("makes one item while the reader has the one in front of it, and no more", async () => {
    for await (const i of readAhead(source())) {
      await sleep(1);
      log.push(`read ${i}`);
    }
    assert.deepEqual(log, ["make 0", "make 1", "read 0", "make 2", "read 1", "closed", "read 2"]);
  });

  it("closes its source where the reader stops", async () => {
    for await (const i of readAhead(source())) if (i === 0) break;
    assert.deepEqual(log, ["make 0", "make 1", "closed"]);
  });

  it("passes on a failure behind the items in front of it, and keeps quiet about one that nobody comes to", async () => {
    const seen: number[] = [];
    await assert.rejects(async () => {
      for await (const i of readAhead(source(2))) seen.push(i);
    }, /broken/);
    assert.deepEqual(seen, [0, 1]);
    for await (const i of readAhead(source(2))) {
      await sleep(1);
      if (i === 1) break;
    }
  });
});
