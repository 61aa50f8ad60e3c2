import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { inOrder } from "../../toolkit/data/in-order.ts";

const slow = async (i: number): Promise<number> => {
  await sleep((7 * i) % 5);
  return i;
};
const failing = async (i: number): Promise<number> => {
  if (i >= 3) throw new Error(`task ${i}`);
  return i;
};
const late = async (i: number): Promise<number> => {
  if (i === 0) return i;
  await sleep(2);
  throw new Error("too late");
};

describe("data/in-order", () => {
  it("keeps the order of tasks that finish in another one", async () => {
    const got: number[] = [];
    for await (const i of inOrder(20, slow, { concurrency: 4, ahead: 8 })) got.push(i);
    assert.deepEqual(got, [...Array(20).keys()]);
  });

  it("runs no more at once, and no further ahead, than it may", async () => {
    let running = 0;
    let most = 0;
    let started = 0;
    const task = async (): Promise<void> => {
      started++;
      most = Math.max(most, ++running);
      await sleep(1);
      running--;
    };
    const run = inOrder(50, task, { concurrency: 3, ahead: 5 });
    await run.next();
    await sleep(40);
    assert.equal(started, 6); // one taken, five ahead
    assert.equal(most, 3);
    await run.return();
    await sleep(10);
    assert.equal(started, 6);
  });

  it("throws a task's error in its place, and only there", async () => {
    const got: number[] = [];
    await assert.rejects(async () => {
      for await (const i of inOrder(9, failing, { concurrency: 4, ahead: 9 })) got.push(i);
    }, /task 3/);
    assert.deepEqual(got, [0, 1, 2]);
  });

  it("leaves no rejection unhandled when the reader stops early", async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on("unhandledRejection", note);
    for await (const i of inOrder(9, late, { concurrency: 4, ahead: 9 })) {
      assert.equal(i, 0);
      break;
    }
    await sleep(20);
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
  });

  it("throws the reason of an abort at once, even while a task hangs", async () => {
    const controller = new AbortController();
    const run = inOrder(2, () => new Promise<never>(() => {}), { concurrency: 1, ahead: 1, signal: controller.signal });
    const waiting = run.next();
    setTimeout(() => controller.abort(new Error("enough")), 5);
    await assert.rejects(waiting, /enough/);
  });
});
