import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { extname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { LOCK, removeOldClaims, takeLock } from "../../toolkit/fine-tune/run-lock.ts";

/** A claim that was there before. */
const OTHER = `${LOCK}.other`;
const extension = extname(import.meta.url);
const script = fileURLToPath(new URL(`./lock-process${extension}`, import.meta.url));

interface Contender {
  /** The next line that it says. */
  said(): Promise<string | undefined>;
  go(): void;
  /** Gives the lock back. */
  stop(): Promise<void>;
}

function startContender(folder: string): Contender {
  const loader = extension === ".ts" ? ["--import=tsx"] : [];
  const child = spawn(process.execPath, [...loader, script, folder], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, "exit");
  return {
    said: async () => (await lines.next()).value as string | undefined,
    go: () => void child.stdin.write("go\n"),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

describe("fine-tune/run-lock", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "run-lock-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const claim = (owner: object): void => writeFileSync(join(folder, OTHER), JSON.stringify(owner));
  const here = { pid: process.pid, host: hostname(), start: null };
  const refusal = { code: "E_RUN_LOCKED" };

  it("takeLock() refuses a folder that is held, until it is given back", async () => {
    const release = await takeLock(folder);
    const [name = ""] = readdirSync(folder);
    assert.equal((JSON.parse(readFileSync(join(folder, name), "utf8")) as typeof here).pid, process.pid);
    await assert.rejects(takeLock(folder), { ...refusal, message: new RegExp(`process ${process.pid} is writing it`) });
    assert.deepEqual(readdirSync(folder), [name]);
    await release();
    const again = await takeLock(folder);
    await again();
    assert.deepEqual(readdirSync(folder), [], "nothing is left behind");
  });

  it("takeLock() takes a folder whose owner has ended, and removeOldClaims() tidies up behind it", async () => {
    const { pid } = spawnSync(process.execPath, ["--version"]);
    claim({ ...here, pid });
    const release = await takeLock(folder);
    await removeOldClaims(folder);
    assert.equal(readdirSync(folder).length, 1);
    await release();
    assert.deepEqual(readdirSync(folder), []);
  });

  it("takeLock() takes a folder whose owner's number another process has been given since", async function () {
    if (!existsSync("/proc/self/stat")) this.skip();
    claim({ ...here, start: "another start of the machine 1234" });
    await takeLock(folder);
  });

  it("takeLock() passes over a claim that was cut off", async () => {
    for (const text of ["", "{", "null", '{"pid":-1,"host":""}']) {
      writeFileSync(join(folder, OTHER), text);
      const release = await takeLock(folder);
      await release();
    }
  });

  it("takeLock() leaves the claim of another machine alone, and says what to do", async () => {
    claim({ pid: 1, host: "another machine", start: null });
    await assert.rejects(takeLock(folder), { ...refusal, hint: /delete .* if that machine or container is gone/ });
    await removeOldClaims(folder);
    assert.deepEqual(readdirSync(folder), [OTHER]);
  });

  it("of six processes that come at the same time, one gets the folder of one that has ended", async function () {
    this.timeout(60_000);
    const { pid } = spawnSync(process.execPath, ["--version"]);
    claim({ ...here, pid });
    const contenders = Array.from({ length: 6 }, () => startContender(folder));
    try {
      for (const contender of contenders) assert.equal(await contender.said(), "ready");
      for (const contender of contenders) contender.go();
      const said = await Promise.all(contenders.map((contender) => contender.said()));
      assert.deepEqual(
        said.filter((word) => word !== "E_RUN_LOCKED"),
        ["held"],
        said.join(),
      );
    } finally {
      for (const contender of contenders) await contender.stop();
    }
    assert.deepEqual(readdirSync(folder), [OTHER], "nothing is left behind");
  });
});
