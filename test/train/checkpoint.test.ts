import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { float32, int64, scalar } from "../../toolkit/graph/tensor.ts";
import { checkpointPieces, decodeCheckpoint, encodeCheckpoint } from "../../toolkit/train/checkpoint.ts";
import type { Checkpoint } from "../../toolkit/train/checkpoint.ts";
import { openCheckpoints, writeDurably } from "../../toolkit/train/checkpoint-folder.ts";

const sample: Checkpoint = {
  header: { step: 7, seed: 1, mode: "full" },
  tensors: new Map([
    ["w", float32([2, 3], [1, -2, 3.5, 4, 5, 6])],
    ["count", scalar(3)],
    ["index", int64([1, 2, 3])],
    ["empty", float32([0, 4], [])],
  ]),
};

describe("train/checkpoint", () => {
  it("decodeCheckpoint() gives back what encodeCheckpoint() was given", async () => {
    const back = await decodeCheckpoint(await encodeCheckpoint(sample));
    assert.deepEqual(back, sample);
  });

  it("decodeCheckpoint() refuses every single flipped byte", async () => {
    const bytes = await encodeCheckpoint(sample);
    for (let i = 0; i < bytes.length; i++) {
      const damaged = bytes.slice();
      damaged[i] = (damaged[i] ?? 0) ^ 0x10;
      await assert.rejects(decodeCheckpoint(damaged), { code: "E_CHECKPOINT" }, `byte ${i}`);
    }
  });

  it("checkpointPieces() are the same bytes, whatever their size, and small tensors are put together", async () => {
    const whole = await encodeCheckpoint(sample);
    for (const size of [1, 7, 32, 64, 100, 4096]) {
      const pieces = [...checkpointPieces(sample, createHash("sha256"), size)];
      assert.deepEqual(new Uint8Array(Buffer.concat(pieces)), whole, `in pieces of ${size}`);
      assert.ok(pieces.every((piece) => piece.length <= Math.max(size, 32)));
    }
    assert.equal([...checkpointPieces(sample, createHash("sha256"), 4096)].length, 1);
  });

  it("decodeCheckpoint() refuses every truncation", async () => {
    const bytes = await encodeCheckpoint(sample);
    for (let length = 0; length < bytes.length; length += 7) {
      await assert.rejects(decodeCheckpoint(bytes.subarray(0, length)), { code: "E_CHECKPOINT" });
    }
  });
});

describe("train/checkpoint-folder", () => {
  let folder = "";
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "onnx-graft-checkpoints-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("keeps the last two and returns the newest", async () => {
    const checkpoints = await openCheckpoints(folder);
    for (const step of [5, 10, 100]) await checkpoints.save(step, { ...sample, header: { step } });
    assert.deepEqual((await readdir(folder)).toSorted(), ["step-10.ckpt", "step-100.ckpt"]);
    assert.deepEqual((await checkpoints.latest())?.checkpoint.header, { step: 100 });
  });

  it("falls back to the one before when the newest is damaged, and says why", async () => {
    const checkpoints = await openCheckpoints(folder);
    await checkpoints.save(1, { ...sample, header: { step: 1 } });
    const path = await checkpoints.save(2, { ...sample, header: { step: 2 } });
    await writeFile(path, (await readFile(path)).subarray(0, 40));
    const found = await checkpoints.latest();
    assert.deepEqual(found?.checkpoint.header, { step: 1 });
    assert.match(found?.passedOver[0] ?? "", /step-2\.ckpt/);
  });

  it("writes the bytes of encodeCheckpoint(), of a tensor larger than a piece too", async () => {
    const numbers = Float32Array.from({ length: 1_500_000 }, (_, i) => i);
    const large = { header: {}, tensors: new Map([["w", float32([numbers.length], numbers)]]) };
    const checkpoints = await openCheckpoints(folder);
    for (const [step, checkpoint] of [sample, large].entries()) {
      const path = await checkpoints.save(step, checkpoint);
      assert.ok(Buffer.from(await encodeCheckpoint(checkpoint)).equals(await readFile(path)));
    }
  });

  it("removes temporary files that a killed writer left", async () => {
    await writeFile(join(folder, "step-9.ckpt.tmp-123"), "half");
    await openCheckpoints(folder);
    assert.deepEqual(await readdir(folder), []);
  });

  it("writeDurably() leaves the old file and nothing else when it fails", async () => {
    await assert.rejects(writeDurably(join(folder, "absent", "x"), "y"), { code: "E_WRITE" });
    assert.deepEqual(await readdir(folder), []);
  });
});
