import assert from "node:assert/strict";
import { oneCycle } from "../../toolkit/schedules/one-cycle.ts";

describe("schedules/one-cycle", () => {
  it("oneCycle() rises to its rate, and is at its end at the last step and behind it", () => {
    const schedule = oneCycle(1, { riseShare: 0.5, startDivisor: 10, endDivisor: 100 });
    const at = (step: number): number => schedule({ step, steps: 20, metrics: [] });
    const expected = [0.1, 1, 0.001, 0.001, 0.001];
    for (const [i, step] of [0, 9, 19, 20, 500].entries()) {
      assert.ok(Math.abs(at(step) - (expected[i] ?? 0)) < 1e-12, `${step}: ${at(step)}`);
    }
  });
  it("oneCycle() is finite in a run of one step, whatever its share", () => {
    for (const riseShare of [0, 0.3, 1]) {
      for (const threePhase of [false, true]) {
        const rate = oneCycle(1, { riseShare, threePhase })({ step: 0, steps: 1, metrics: [] });
        assert.ok(Number.isFinite(rate) && rate >= 0, `${riseShare}: ${rate}`);
      }
    }
  });
});
