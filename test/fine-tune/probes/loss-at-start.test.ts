import assert from "node:assert/strict";
import { judgeStart, logitDeviation } from "../../../toolkit/fine-tune/probes/loss-at-start.ts";
import { fillNormal } from "../../../toolkit/graph/random.ts";
import { score } from "../../../toolkit/train/evaluate.ts";

const ROWS = 16;

/** The evaluation of logits of some deviation that know nothing of the labels. */
function guessing(classes: number, deviation: number, seed: number): ReturnType<typeof score> {
  const rows = Array.from({ length: ROWS }, (_, i) => fillNormal(classes, seed, i, 3, deviation));
  return score(
    rows,
    rows.map((_, i) => i % classes),
    [],
    classes,
  );
}

describe("fine-tune/probes/loss-at-start", () => {
  it("logitDeviation() finds from probabilities how far logits are spread", () => {
    for (const deviation of [0.1, 1, 2]) {
      const found = logitDeviation(guessing(50, deviation, 1).probabilities, 50);
      assert.ok(Math.abs(found / deviation - 1) < 0.1, `${found} for ${deviation}`);
    }
  });

  it("judgeStart() allows what an init of some spread may cost, and no more", () => {
    for (const classes of [3, 10, 100]) {
      for (const deviation of [0.01, 0.5, 1]) {
        for (let seed = 0; seed < 20; seed++) {
          const { loss, probabilities } = guessing(classes, deviation, seed);
          const check = judgeStart(loss, classes, { rows: ROWS, deviation: logitDeviation(probabilities, classes) });
          assert.equal(
            check.status,
            "ok",
            `${classes} classes, deviation ${deviation}: ${check.detail}; ${check.hint ?? ""}`,
          );
        }
      }
    }
    const narrow = { rows: 1000, deviation: 0.1 };
    assert.equal(judgeStart(Math.log(100) + 0.9, 100, narrow).status, "warning");
    assert.equal(judgeStart(Math.log(100) - 0.6, 100, narrow).status, "warning");
    assert.match(judgeStart(Math.log(100) + 0.9, 100, narrow).hint ?? "", /would cost .* to /);
  });

  it("judgeStart() without logits allows half of log K below and above", () => {
    assert.equal(judgeStart(2.3, 10).status, "ok");
    assert.equal(judgeStart(3.9, 10).status, "ok");
    assert.match(judgeStart(4.1, 10).hint ?? "", /the features are large/);
    assert.equal(judgeStart(1, 10).status, "warning");
    assert.equal(judgeStart(Number.NaN, 10).status, "failed");
  });

  it("judgeStart() says that features are large, whatever their logits would excuse", () => {
    assert.match(judgeStart(20, 10, { rows: 16, deviation: 12 }).hint ?? "", /the features are large/);
  });
});
