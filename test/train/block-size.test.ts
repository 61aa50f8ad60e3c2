import assert from "node:assert/strict";
import { ToolkitError } from "../../toolkit/errors.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import type { Runtime, Session, Tensors } from "../../toolkit/runtime/runtime.ts";
import { learnBlockSize } from "../../toolkit/train/block-size.ts";
import { directRuntime } from "../support/run-graph.ts";

/** A runtime that does what the real one does but for what `change` makes of its results; counts what is loaded and released. */
function changed(change: (program: string, results: Tensors) => Tensors): Runtime & { open: number } {
  const runtime = {
    name: "changed",
    open: 0,
    async load(...args: Parameters<Runtime["load"]>): Promise<Session> {
      const session = await directRuntime.load(...args);
      runtime.open++;
      return {
        ...session,
        run: async (options) => change(options.program ?? "main", await session.run(options)),
        release: async () => {
          runtime.open--;
          await session.release();
        },
      };
    },
  };
  return runtime;
}

function mapped(results: Tensors, change: (v: number, i: number) => number): Tensors {
  const one = (t: TensorData): TensorData =>
    t.dtype === "float32" ? { ...t, data: (t.data as Float32Array).map(change) } : t;
  return new Map([...results].map(([name, t]) => [name, one(t)]));
}

/** The runtime as it is has blocks here; else there is nothing to change. */
async function whereThereAreBlocks(test: Mocha.Context): Promise<void> {
  if ((await learnBlockSize(directRuntime)) === 0) test.skip();
}

describe("train/block-size", () => {
  it("learnBlockSize() is 8 or 16 on x86-64, and the same each time", async function () {
    if (process.arch !== "x64") this.skip();
    const block = await learnBlockSize(directRuntime);
    assert.ok(block === 8 || block === 16, String(block));
    assert.equal(await learnBlockSize(directRuntime, 2), block);
  });

  it("learnBlockSize() is 0 where the runtime refuses the operators, when they are loaded, added or run", async () => {
    const refuse = (): never => {
      throw new ToolkitError("E_RUNTIME", "Cannot load the graph: ReorderInput is not a registered operator");
    };
    assert.equal(await learnBlockSize({ name: "refusing", load: async () => refuse() }), 0);
    const later = changed((_, results) => results);
    const adding: Runtime = {
      name: "later",
      load: async (...args) => ({ ...(await later.load(...args)), add: async () => refuse() }),
    };
    assert.equal(await learnBlockSize(adding), 0);
    assert.equal(later.open, 0);
    const running = changed((program, results) => (program === "main" ? results : refuse()));
    assert.equal(await learnBlockSize(running), 0);
    assert.equal(running.open, 0);
  });

  it("learnBlockSize() is 0 where the blocks are of no known size, and where nothing is reordered", async function () {
    await whereThereAreBlocks(this);
    const asTheyAre = changed((program, results) => (program === "main" ? mapped(results, (_, i) => i) : results));
    assert.equal(await learnBlockSize(asTheyAre), 0);
    const odd = changed((program, results) =>
      program === "main" ? mapped(results, (_, i) => (i === 12 ? 1 : 0)) : results,
    );
    assert.equal(await learnBlockSize(odd), 0);
    assert.equal(odd.open, 0);
  });

  it("learnBlockSize() is 0 where a step in blocks comes out differently, or is no number", async function () {
    await whereThereAreBlocks(this);
    const programs = new Set<string>();
    const off = (change: (v: number, i: number) => number): Runtime =>
      changed((program, results) => {
        programs.add(program);
        return /-(8|16)$/.test(program) ? mapped(results, change) : results;
      });
    assert.ok((await learnBlockSize(off((v) => v))) > 0);
    assert.equal(programs.size, 3);
    assert.equal(await learnBlockSize(off((v) => v * 1.01)), 0);
    assert.equal(await learnBlockSize(off((v, i) => (i === 5 ? v + 1 : v))), 0);
    assert.equal(await learnBlockSize(off(() => Number.NaN)), 0);
  });

  it("learnBlockSize() releases its session, and passes on what is no refusal", async () => {
    const runtime = changed((_, results) => results);
    await learnBlockSize(runtime);
    assert.equal(runtime.open, 0);
    const broken = changed(() => {
      throw new TypeError("a mistake");
    });
    await assert.rejects(learnBlockSize(broken), TypeError);
    assert.equal(broken.open, 0);
  });
});
