import assert from "node:assert/strict";
import type { Sample } from "../../toolkit/data/sample.ts";
import { errorCode } from "../../toolkit/errors.ts";
import { plainSettings, settle } from "../../toolkit/fine-tune/settings.ts";
import type { FineTuneSettings, SettledFor } from "../../toolkit/fine-tune/settings.ts";

const DATA: SettledFor = {
  classes: ["a", "b", "c"],
  labelColumn: "kind",
  columns: ["x", "y"],
  more: [{ name: "marks", classes: ["p", "q"], isMultiLabel: true }],
};

const heads = (chosen: FineTuneSettings, data: SettledFor = DATA): readonly (readonly unknown[])[] | undefined =>
  settle(chosen, 32, data).heads?.map(({ name, task, target, outputs, loss, weight }) => [
    name,
    task,
    target.join("+"),
    outputs,
    loss.name,
    weight,
  ]);

describe("fine-tune/head-settings", () => {
  it("settleHeads() gives each column of labels a head, and all numbers one; none to labels alone", () => {
    assert.deepEqual(heads({}), [
      ["kind", "classes", "kind", 3, "cross-entropy", 1],
      ["marks", "labels", "marks", 2, "bce", 1],
      ["numbers", "numbers", "x+y", 2, "mse", 1],
    ]);
    assert.equal(heads({}, { classes: ["a", "b"] }), undefined);
    assert.deepEqual(heads({}, { classes: [], columns: ["x"] }), [["x", "numbers", "x", 1, "mse", 1]]);
  });
  it("settleHeads() gives the loss of a run to the heads that it can be of", () => {
    assert.deepEqual(
      heads({ loss: { name: "huber", delta: 0.5 } })?.map((head) => head[4]),
      ["cross-entropy", "bce", "huber"],
    );
    assert.deepEqual(
      heads({ loss: "focal" })?.map((head) => head[4]),
      ["focal", "bce", "mse"],
    );
  });
  it("settleHeads() takes the heads that are chosen, and no others", () =>
    assert.deepEqual(
      heads({
        heads: [
          { target: "y", loss: "l1", weight: 0.1 },
          { name: "what", target: "kind" },
        ],
      }),
      [
        ["y", "numbers", "y", 1, "l1", 0.1],
        ["what", "classes", "kind", 3, "cross-entropy", 1],
      ],
    ));
  it("settle() writes heads into the settings as text, and the loss of labels for the run's", () => {
    const settings = settle({ loss: "huber" }, 32, DATA);
    assert.equal(settings.loss.name, "cross-entropy");
    assert.match(String(plainSettings(settings)["heads"]), /"name":"numbers","task":"numbers"/);
  });
});

describe("fine-tune/positive-weight", () => {
  const sample = (labels: readonly number[], more: readonly number[]): Sample => ({
    id: "",
    path: "",
    label: labels[0] ?? -1,
    labels,
    more: [more],
  });
  const train = [sample([0], [1]), sample([0, 1], []), sample([0], []), sample([], [0, 1])];

  it('settle() finds posWeight "auto" from the training photos, for bce of one head or of several', () => {
    const alone = settle({ posWeight: "auto" }, 32, { classes: ["a", "b"], isMultiLabel: true, train });
    assert.deepEqual(alone.loss, { name: "bce", posWeight: [0.3333, 3] });
    const beside = settle({ posWeight: "auto" }, 32, { ...DATA, train });
    assert.deepEqual(
      beside.heads?.map(({ loss }) => loss.posWeight),
      [undefined, [3, 1], undefined],
    );
  });
  it("settle() takes weights as they are said, once", () => {
    const data: SettledFor = { classes: ["a", "b"], isMultiLabel: true };
    assert.deepEqual(settle({ posWeight: [1, 8] }, 32, data).loss, { name: "bce", posWeight: [1, 8] });
    const twice: FineTuneSettings = { posWeight: [1, 8], loss: { name: "bce", posWeight: [1, 2] } };
    for (const [chosen, about] of [
      [twice, data],
      [{ posWeight: "auto" }, { classes: ["a", "b"] }],
    ] satisfies readonly (readonly [FineTuneSettings, SettledFor])[]) {
      assert.throws(
        () => settle(chosen, 32, about),
        (error) => errorCode(error) === "E_SETTING",
      );
    }
  });
});
