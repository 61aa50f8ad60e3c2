import assert from "node:assert/strict";
import { adamw } from "../../toolkit/optimizers/adam.ts";
import { clipByGlobalNorm } from "../../toolkit/optimizers/clip-by-global-norm.ts";
import { namedOptimizer, optimizerNames, optimizerOptions } from "../../toolkit/optimizers/named-optimizer.ts";
import type { NamedOptimizerOptions } from "../../toolkit/optimizers/named-optimizer.ts";
import { sgd } from "../../toolkit/optimizers/sgd.ts";
import { chain } from "../../toolkit/optimizers/transform.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import { float32 } from "../../toolkit/graph/tensor.ts";
import { printGraph } from "../../toolkit/graph/print.ts";
import { gradientStep } from "../support/follow-optimizer.ts";

const start = new Map([
  ["p", float32([1, 2], [1, 2])],
  ["bias", float32([2], [1, 2])],
]);

/** The step graph with its constants, and what its state starts as. */
function textOf(optimizer: Transform): string {
  const { graph, initial } = gradientStep(start, { optimizer });
  const numbers = [...graph.constants, ...initial].map(([name, t]) => `${name}: ${t.data.join()}`);
  return [printGraph(graph), ...numbers].join("\n");
}

describe("optimizers/named-optimizer", () => {
  it("namedOptimizer() writes the graph that the optimizer itself writes", () => {
    assert.equal(
      textOf(namedOptimizer("adamw", { beta1: 0.8, decay: 0.2 })),
      textOf(adamw({ beta1: 0.8, decay: 0.2 })),
    );
    assert.equal(
      textOf(namedOptimizer("nesterov", { clipNorm: 2, decay: undefined } as unknown as NamedOptimizerOptions)),
      textOf(chain(clipByGlobalNorm(2), sgd({ momentum: 0.9, nesterov: true }))),
    );
  });
  it("namedOptimizer() gives another graph for each name", () => {
    const texts = optimizerNames.map((name) => textOf(namedOptimizer(name)));
    assert.equal(new Set(texts).size, optimizerNames.length);
  });
  it("namedOptimizer() heeds every option that an optimizer takes", () => {
    const values: Required<NamedOptimizerOptions> = {
      momentum: 0.5,
      dampening: 0.5,
      beta1: 0.5,
      beta2: 0.5,
      epsilon: 0.5,
      amsgrad: true,
      momentumDecay: 0.5,
      alpha: 0.5,
      centered: true,
      rateDecay: 0.5,
      accumulator: 0.5,
      rho: 0.5,
      decay: 0.5,
      decayAll: true,
      decayExclude: ["p"],
      decoupled: true,
      clipNorm: 0.5,
      clipValue: 0.5,
      clipAdaptive: 0.5,
      clipExclude: ["p"],
    };
    // what these need to show
    const neededBy = (name: string, option: string): NamedOptimizerOptions => ({
      ...(["decayAll", "decayExclude", "decoupled"].includes(option) ? { decay: 0.1 } : {}),
      ...(name === "sgd" && ["dampening", "decoupled"].includes(option) ? { momentum: 0.1 } : {}),
      ...(option === "clipExclude" ? { clipAdaptive: 0.1 } : {}),
    });
    for (const name of optimizerNames) {
      for (const option of optimizerOptions(name)) {
        const before = neededBy(name, option);
        const changed = namedOptimizer(name, { ...before, [option]: values[option] });
        assert.notEqual(textOf(changed), textOf(namedOptimizer(name, before)), `${name}: ${option}`);
      }
    }
  });
  it("namedOptimizer() refuses another name, listing all and saying the nearest", () => {
    assert.throws(() => namedOptimizer("adamv"), { code: "E_SETTING", message: /sgd, nesterov/, hint: /"adam/ });
    assert.throws(() => namedOptimizer("toString"), { code: "E_SETTING", hint: undefined });
  });
  it("namedOptimizer() refuses an option that the optimizer does not take", () => {
    assert.throws(() => namedOptimizer("adam", { momentum: 0.9 }), {
      code: "E_SETTING",
      message: /"momentum" with adam/,
    });
    const misspelt = { epsilom: 1 } as NamedOptimizerOptions;
    assert.throws(() => namedOptimizer("adam", misspelt), { code: "E_SETTING", hint: /"epsilon"/ });
  });
  it("namedOptimizer() refuses values out of range", () => {
    const wrong: readonly NamedOptimizerOptions[] = [
      { beta1: 1 },
      { beta2: -0.1 },
      { epsilon: 0 },
      { decay: -1 },
      { decay: Number.NaN },
      { clipNorm: 0 },
      { clipValue: Infinity },
      { decayAll: 1 as unknown as boolean },
      { decayExclude: 3 as unknown as readonly string[] },
    ];
    for (const options of wrong) {
      assert.throws(() => namedOptimizer("adam", options), { code: "E_SETTING" }, JSON.stringify(options));
    }
  });

  it("namedOptimizer() takes one name where it takes a list", () => {
    assert.doesNotThrow(() => namedOptimizer("adam", { decayExclude: "w" as unknown as readonly string[] }));
  });
});
