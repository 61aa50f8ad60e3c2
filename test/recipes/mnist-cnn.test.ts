import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { claimOf, main, readDigits } from "../../recipes/mnist-cnn.ts";
import { readScans, SIDE_PX, splitScans } from "../../recipes/mnist-cnn/scans.ts";
import type { Entry } from "../../toolkit/node.ts";

const ids = (samples: readonly { readonly id: string }[]): readonly string[] => samples.map(({ id }) => id);

describe("recipes/mnist-cnn", () => {
  let scans: readonly Entry[] = [];
  before(async () => {
    scans = await readScans();
  });

  it("readScans() reads 10,000 grey scans, and as many of each digit as are asked for", async () => {
    assert.equal(scans.length, 10_000);
    assert.equal(new Set(ids(scans)).size, 10_000);
    const few = await readScans(3);
    assert.deepEqual(ids(few).slice(0, 4), ["0/0", "0/1", "0/2", "1/0"]);
    assert.equal(few.length, 30);
    const [{ picture } = {}] = few;
    assert.ok(typeof picture === "object" && "data" in picture && "width" in picture);
    assert.deepEqual([picture.width, picture.height, picture.data.length], [SIDE_PX, SIDE_PX, SIDE_PX * SIDE_PX * 3]);
    const at = picture.data.indexOf(Math.max(...picture.data));
    assert.ok((picture.data[at] ?? 0) > 200, "no ink");
    assert.deepEqual([...picture.data.subarray(at, at + 3)], Array(3).fill(picture.data[at]));
  });

  it("splitScans() holds 2,000 out, a fifth of each digit, which training does not have", async () => {
    const { train, validation, classes } = await splitScans(scans, 0, 0.2);
    assert.deepEqual([train.length, validation.length], [8000, 2000]);
    const held = new Set(ids(validation));
    assert.deepEqual(
      ids(train).filter((id) => held.has(id)),
      [],
    );
    for (const [label, name] of classes.entries()) {
      const of = (samples: typeof train): number => samples.filter((s) => s.label === label).length;
      assert.equal(of(validation), Math.round(0.2 * (of(train) + of(validation))), name);
      assert.ok([...train, ...validation].every((s) => s.label !== label || s.id.startsWith(`${name}/`)));
    }
  });

  it("splitScans() holds others out for another seed, and the same for the same", async () => {
    const [first, again, other] = await Promise.all([0, 0, 1].map((seed) => splitScans(scans, seed, 0.2)));
    assert.ok(first && again && other);
    assert.deepEqual(ids(first.validation), ids(again.validation));
    const held = new Set(ids(first.validation));
    const common = ids(other.validation).filter((id) => held.has(id)).length;
    // a fifth of them by chance
    assert.ok(common > 300 && common < 500, `${common} in common`);
  });

  it("claimOf() judges the mean of three seeds, and neither fewer nor a tiny run", () => {
    const rows = (...shares: readonly number[]): { right: number; seconds: number }[] =>
      shares.map((right) => ({ right, seconds: 60 }));
    const judge = (...shares: readonly number[]): boolean | undefined => claimOf(rows(...shares), 10_000, false).holds;
    assert.equal(judge(0.987, 0.989, 0.9885), true);
    assert.equal(judge(0.987, 0.989, 0.988), true);
    assert.equal(judge(0.987, 0.989, 0.9879), false);
    assert.equal(judge(0.99, 0.99), undefined);
    assert.equal(claimOf(rows(0.99, 0.99, 0.99), 400, true).holds, undefined);
    assert.equal(
      claimOf(rows(0.986, 0.99, 0.988), 10_000, false).figures,
      "98.80 ± 0.20 % of 2000, 3 seeds, 60 s a seed",
    );
  });

  it("readDigits() learns a few scans, writes its figures and judges nothing", async function () {
    this.timeout(120_000);
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-mnist-cnn-"));
    try {
      const lines: string[] = [];
      const claims = await readDigits({ say: (line) => void lines.push(line), out: folder, tiny: true });
      assert.deepEqual(
        claims.map(({ holds }) => holds),
        [undefined],
      );
      assert.equal(lines[0], "seed 0: 320 scans to learn from, 80 held out");
      assert.equal(lines.filter((line) => /^ {3}epoch {2}\d {2}loss .* learnt .* held out .* %$/.test(line)).length, 2);
      const result = JSON.parse(await readFile(join(folder, "result.json"), "utf8")) as {
        rows: { seed: number; right: number; wrong: number }[];
        summary: { mean: number; deviation: number };
      };
      const [row] = result.rows;
      assert.ok(row && row.right > 0.2, `${row?.right} of ten digits`);
      assert.equal(row.wrong, Math.round(80 * (1 - row.right)));
      assert.deepEqual([result.summary.mean, result.summary.deviation], [row.right, 0]);
      const table = await readFile(join(folder, "result.md"), "utf8");
      assert.match(table, /^\| seed \| right \|.*\n\| --- \|.*\n\| 0 \| /m);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("main() refuses a number of seeds that is none", async () => {
    for (const seeds of ["0", "x", "1.5"])
      await assert.rejects(main(["--tiny", "--seeds", seeds]), { code: "E_USAGE" });
  });
});
