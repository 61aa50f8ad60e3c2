import assert from "node:assert/strict";
import { errorCode, ToolkitError } from "../../toolkit/errors.ts";
import { lossNames, namedLoss } from "../../toolkit/losses/named-loss.ts";
import { lossAndGradients } from "../support/loss-graph.ts";
import { feedsFor } from "../support/loss-suite.ts";

const isSetting = (error: unknown): boolean => errorCode(error) === "E_SETTING";

describe("losses/named-loss", () => {
  it("namedLoss() makes each loss that has a name", () => {
    const names = lossNames.map((name) => namedLoss(name).name);
    assert.equal(new Set(names).size, lossNames.length);
  });
  it("namedLoss() passes the settings on", async () => {
    const cases = [
      ["cross-entropy", { labelSmoothing: 0.5 }],
      ["cross-entropy", { classWeights: [1, 2, 3] }],
      ["bce", { posWeight: [1, 2, 3] }],
      ["focal", { gamma: 4 }],
      ["focal", { classWeights: [1, 2, 3] }],
      ["focal-sigmoid", { alpha: 0.25 }],
      ["huber", { delta: 0.1 }],
      ["smooth-l1", { beta: 0.1 }],
      ["hinge", { margin: 2 }],
      ["hinge", { power: 2 }],
      ["binary-hinge", { margin: 2 }],
      ["triplet", { margin: 2 }],
      ["triplet", { epsilon: 0.5 }],
      ["batch-hard-triplet", { margin: 2 }],
      ["batch-all-triplet", { margin: 2 }],
      ["batch-contrastive", { margin: 3 }],
      ["contrastive", { margin: 4 }],
      ["distillation", { temperature: 1 }],
      ["distillation", { alpha: 0.5 }],
    ] as const;
    for (const [name, settings] of cases) {
      const loss = namedLoss(name, settings);
      const feeds = { ...feedsFor(loss, [6, 3], { draw: "anywhere" }), wrt: ["logits"] };
      const plain = feedsFor(namedLoss(name), [6, 3], { draw: "anywhere" });
      const { loss: without } = await lossAndGradients(namedLoss(name), { ...plain, wrt: ["logits"] });
      const { loss: given } = await lossAndGradients(loss, feeds);
      assert.notEqual(given, without, `${name} with ${JSON.stringify(settings)}`);
    }
  });
  it("namedLoss() refuses an unknown name, lists the names, and hints at the nearest", () => {
    assert.throws(
      () => namedLoss("huberr"),
      (error) =>
        error instanceof ToolkitError &&
        error.code === "E_SETTING" &&
        error.message.includes(`"huberr"`) &&
        lossNames.every((name) => error.message.includes(name)) &&
        error.hint?.includes(`"huber"`) === true,
    );
    assert.throws(
      () => namedLoss("qwertyuiop"),
      (error) => error instanceof ToolkitError && error.hint === undefined,
    );
  });
  it("namedLoss() refuses a setting that the loss does not have, and one out of range", () => {
    assert.throws(
      () => namedLoss("mse", { gamma: 2 }),
      /Cannot give the loss "mse" the setting gamma: it takes no setting/,
    );
    assert.throws(() => namedLoss("focal", { labelSmoothing: 0.1 }), /it takes gamma, classWeights/);
    assert.throws(() => namedLoss("huber", { delta: -1 }), isSetting);
  });
});
