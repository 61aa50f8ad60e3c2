import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type DecodePool, decodePool, type DecodePoolOptions } from "../../toolkit/data/decode-pool.ts";
import { errorCode } from "../../toolkit/errors.ts";

// the same test runs from its source and compiled
const isSource = import.meta.url.endsWith(".ts");
const file = new URL(isSource ? "./misbehaving-process.ts" : "./misbehaving-process.js", import.meta.url);
const parentFile = new URL(isSource ? "./pool-process.ts" : "./pool-process.js", import.meta.url);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function gone(pids: readonly number[]): Promise<boolean> {
  for (let i = 0; i < 100 && pids.some(isAlive); i++) await sleep(50);
  return !pids.some(isAlive);
}

describe("data/decode-pool", () => {
  let pool: DecodePool | undefined;
  const open = (options: Partial<DecodePoolOptions> = {}): DecodePool => {
    pool = decodePool({ processes: 2, file, ...options });
    return pool;
  };
  const outcome = (source: string): Promise<string> =>
    (pool ?? open()).run({ source }).then(
      ({ pixels }) => `${pixels.width}`,
      (error: unknown) => errorCode(error) ?? String(error),
    );
  afterEach(async () => {
    const pids = pool?.pids() ?? [];
    await pool?.close();
    pool = undefined;
    assert.ok(await gone(pids), "processes are left");
  });

  it("gives each photo its own answer, whatever the order in which they are done", async () => {
    open();
    const names = Array.from({ length: 40 }, (_, i) => `${i + 1} ${(i * 7) % 11}`);
    assert.deepEqual(
      await Promise.all(names.map(outcome)),
      names.map((_, i) => `${i + 1}`),
    );
    assert.equal(pool?.pids().length, 2);
  });

  it("starts no more processes than there is work for", async () => {
    open();
    for (let i = 1; i < 5; i++) assert.equal(await outcome(`${i}`), `${i}`);
    assert.equal(pool?.pids().length, 1);
  });

  it("refuses a photo that ends its process, names it, and does all others", async () => {
    open();
    const names = Array.from({ length: 30 }, (_, i) => (i % 10 === 4 ? `abort ${i}` : `${i + 1}`));
    const all = await Promise.all(names.map(outcome));
    assert.deepEqual(
      all,
      names.map((name) => (name.startsWith("abort") ? "E_IMAGE_CRASH" : name)),
    );
    await assert.rejects(pool?.run({ source: "/photos/abort.jpg" }) ?? assert.fail(), {
      code: "E_IMAGE_CRASH",
      message: /Cannot decode "\/photos\/abort\.jpg": its process/,
    });
  });

  it("does not blame a photo whose process somebody else ended", async () => {
    open({ processes: 1 });
    assert.equal(await outcome("1"), "1");
    const answers = Promise.all([outcome("2 300"), outcome("3"), outcome("4")]);
    await sleep(100);
    process.kill(pool?.pids()[0] ?? assert.fail(), "SIGKILL");
    assert.deepEqual(await answers, ["2", "3", "4"]);
  });

  for (const hang of ["spin", "wait"]) {
    it(`ends a process that takes too long at a photo (${hang})`, async () => {
      open({ timeoutSeconds: 0.5 });
      const all = await Promise.all(["1", hang, "2", "3", "4"].map(outcome));
      assert.deepEqual(all, ["1", "E_IMAGE_TIMEOUT", "2", "3", "4"]);
    });
  }

  it("counts only time in which it could have read an answer", async () => {
    open({ timeoutSeconds: 1, processes: 1 });
    await outcome("1");
    const answer = outcome("2 100");
    await sleep(50);
    for (const end = performance.now() + 1500; performance.now() < end;);
    assert.equal(await answer, "2");
  });

  it("ends a process that takes too much memory, and refuses its photo", async () => {
    open({ maxMemoryBytes: 300e6 });
    const all = await Promise.all(["1", "fill", "2", "3"].map(outcome));
    assert.deepEqual(all, ["1", "E_IMAGE_TOO_LARGE", "2", "3"]);
  });

  it("replaces a process after so many photos, or once it is too large, and loses none", async () => {
    for (const limit of [{ recycleAfter: 5 }, { recycleBytes: 1 }]) {
      open({ processes: 1, ...limit });
      await outcome("1");
      const [first] = pool?.pids() ?? [];
      const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => outcome(`${i + 1}`)));
      assert.deepEqual(
        answers,
        answers.map((_, i) => `${i + 1}`),
      );
      assert.notEqual(pool?.pids()[0], first);
      assert.ok(await gone([first ?? assert.fail()]));
      await pool?.close();
    }
  });

  it("ends its processes after some time without work, and starts others for more", async () => {
    open({ idleSeconds: 0.1 });
    await outcome("1");
    assert.ok(await gone(pool?.pids() ?? []));
    assert.equal(await outcome("2"), "2");
  });

  it("says that no process can be started, and why", async () => {
    open({ decoder: { maxPixels: 0 } });
    await assert.rejects(pool?.run({ source: "1" }) ?? assert.fail(), {
      code: "E_DECODER",
      message: /no decoder here/,
      hint: /--decoders 0/,
    });
    await pool?.close();
    open({ file: new URL("./no-such-file.js", import.meta.url) });
    assert.equal(await outcome("1"), "E_DECODER");
  });

  it("refuses what is under way when it is closed, and anything after", async () => {
    open();
    const answers = ["wait", "wait", "wait", "wait", "wait", "wait"].map(outcome);
    await sleep(200);
    await pool?.close();
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(["E_STOPPED"]));
    assert.equal(await outcome("1"), "E_STOPPED");
  });

  describe("in a process of its own", () => {
    let parent: ChildProcess | undefined;
    const start = async (): Promise<readonly number[]> => {
      // a group of its own, as a terminal gives one to a command
      parent = fork(fileURLToPath(parentFile), [], { detached: true, stdio: "ignore" });
      const [pids] = (await once(parent, "message")) as [number[]];
      assert.ok(pids.length > 0 && pids.every(isAlive));
      return pids;
    };
    afterEach(() => void parent?.kill("SIGKILL"));

    it("ends its processes when it is killed", async function () {
      if (process.platform === "win32") this.skip();
      const pids = await start();
      parent?.kill("SIGKILL");
      assert.ok(await gone(pids));
    });

    it("keeps its processes at Ctrl-C, to finish what is under way, and ends with them", async function () {
      if (process.platform === "win32") this.skip();
      const pids = await start();
      process.kill(-(parent?.pid ?? assert.fail()), "SIGINT");
      const [answers] = (await once(parent ?? assert.fail(), "message")) as [number[]];
      assert.deepEqual(answers, [5, 6]);
      assert.equal((await once(parent ?? assert.fail(), "exit"))[0], 7);
      assert.ok(await gone(pids));
    });
  });
});
