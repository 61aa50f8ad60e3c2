import assert from "node:assert/strict";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { clipByGlobalNorm } from "../../toolkit/optimizers/clip-by-global-norm.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import type { Tensors } from "../../toolkit/runtime/runtime.ts";
import { fixture, readJson } from "../support/fixtures.ts";
import { followOptimizer } from "../support/follow-optimizer.ts";

interface Stored {
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly cases: Readonly<Record<string, { readonly parameters: readonly (readonly number[])[] }>>;
}

describe("optimizers/clip-by-global-norm", () => {
  it("clipByGlobalNorm() takes one norm over all parameters: the seven elements of PyTorch's, split into 3 and 4", async () => {
    const { start, gradients, cases } = readJson<Stored>(fixture("goldens/optimizers.json"));
    const split = (values: readonly number[]): Tensors =>
      new Map([
        ["a", float32([3], values.slice(0, 3))],
        ["b", float32([2, 2], values.slice(3))],
      ]);
    const states = await followOptimizer(split(start), gradients.map(split), 0.1, {
      optimizer: chain(clipByGlobalNorm(1.5), sgd({ momentum: 0.9 })),
    });
    for (const [step, expected] of cases["sgd-clip-norm"]?.parameters.entries() ?? assert.fail()) {
      const ours = ["a", "b"].flatMap((name) => Array.from(states[step]?.get(name)?.data as Float32Array));
      for (const [i, v] of expected.entries()) assert.ok(Math.abs((ours[i] ?? Number.NaN) - v) < 2e-6, `step ${step}`);
    }
  });
  it("clipByGlobalNorm() leaves gradients of a smaller norm as they are", async () => {
    const [state] = await followOptimizer(
      new Map([["p", float32([2], [0, 0])]]),
      [new Map([["p", float32([2], [-3, 4])]])],
      1,
      { optimizer: chain(clipByGlobalNorm(5.01), sgd()) },
    );
    assert.deepEqual(Array.from(state?.get("p")?.data as Float32Array), [3, -4]);
  });
});
