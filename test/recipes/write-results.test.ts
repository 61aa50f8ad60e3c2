import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { spreadOf, spreadText, writeResults } from "../../recipes/write-results.ts";

describe("recipes/write-results", () => {
  it("spreadOf() is the mean and the standard deviation of a sample", () => {
    const { mean, deviation, seeds } = spreadOf([0.5, 0.7, 0.6]);
    assert.ok(Math.abs(mean - 0.6) < 1e-12 && Math.abs(deviation - 0.1) < 1e-12);
    assert.equal(seeds, 3);
    assert.deepEqual(spreadOf([0.25]), { mean: 0.25, deviation: 0, seeds: 1 });
  });

  it("spreadText() says shares as per cent", () => {
    assert.equal(spreadText({ mean: 0.98765, deviation: 0.0012, seeds: 3 }), "98.77 ± 0.12 %");
    assert.equal(spreadText({ mean: 0.5, deviation: 0, seeds: 1 }, 0), "50 ± 0 %");
  });

  it("writeResults() writes all as JSON, with versions and machine, and table and verdicts as Markdown", async () => {
    const folder = await mkdtemp(join(tmpdir(), "onnx-graft-results-"));
    try {
      const claim = (
        text: string,
        holds: boolean | undefined,
      ): { text: string; holds: typeof holds; figures: string } => ({
        text,
        holds,
        figures: "1 of 2",
      });
      await writeResults(join(folder, "deep", "er"), {
        recipe: "some",
        claims: [claim("a", true), claim("b", false), claim("c", undefined)],
        data: { pictures: 4 },
        settings: { epochs: 2 },
        summary: { mean: 0.5 },
        rows: [{ seed: 0, right: 0.5 }],
        table: [
          ["seed", "right"],
          ["0", "50 %"],
        ],
        seconds: 12.4,
      });
      const result = JSON.parse(await readFile(join(folder, "deep", "er", "result.json"), "utf8")) as {
        seconds: number;
        rows: object[];
        versions: Record<string, string>;
        machine: { cores: number };
        table?: unknown;
      };
      assert.deepEqual([result.seconds, result.rows, result.table], [12, [{ seed: 0, right: 0.5 }], undefined]);
      assert.equal(result.versions["node"], process.versions.node);
      assert.ok(result.machine.cores >= 1);
      const text = await readFile(join(folder, "deep", "er", "result.md"), "utf8");
      assert.ok(text.startsWith("# some\n\n| seed | right |\n| --- | --- |\n| 0 | 50 % |\n\n"), text);
      const verdicts = [...text.matchAll(/^- (.): \*\*(.*)\*\*/gm)].map(([, claimed, verdict]) => [claimed, verdict]);
      assert.deepEqual(verdicts, [
        ["a", "holds"],
        ["b", "does not hold"],
        ["c", "not judged"],
      ]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
