import assert from "node:assert/strict";
import { type Action, reduce, START, type State, whyNot } from "../../../recipes/browser/page/state.ts";

const network = { name: "bundled", sizePx: 128, millions: 11 };

function after(...actions: readonly Action[]): State {
  return actions.reduce(reduce, reduce(START, { kind: "network", network }));
}

function photos(id: number, count: number): readonly Action[] {
  return Array.from({ length: count }, (_, i): Action => {
    const name = `${id}-${i}.jpg`;
    return { kind: "photo-added", id, photo: { name, sha256: name, thumb: "" } };
  });
}

describe("recipes/browser/page/state", () => {
  it("says what is missing before training, one thing at a time", () => {
    assert.match(whyNot(START) ?? "", /still being loaded/);
    assert.match(whyNot(after()) ?? "", /Add 3 more photos to “Class 1”/);
    assert.match(whyNot(after(...photos(0, 3), ...photos(1, 2))) ?? "", /Add 1 more photo to “Class 2”/);
    assert.equal(whyNot(after(...photos(0, 3), ...photos(1, 3))), undefined);
    const same: Action = { kind: "class-named", id: 1, name: "Class 1 " };
    assert.match(whyNot(after(...photos(0, 3), ...photos(1, 3), same)) ?? "", /called “Class 1”/);
    assert.match(whyNot(after({ kind: "class-removed", id: 1 })) ?? "", /two classes/);
  });

  it("replaces the empty classes of the beginning by folders that are dropped", () => {
    const { classes } = after(...photos(0, 1), { kind: "class-added", names: ["cat", "dog"] });
    assert.deepEqual(
      classes.map(({ name }) => name),
      ["Class 1", "cat", "dog"],
    );
  });

  it("follows a training to its end, and forgets what the one before came to", () => {
    const epoch: Action = {
      kind: "news",
      news: { kind: "epoch", stage: "head", epoch: 1, of: 2, trainLoss: 1, trainRight: 0.5, loss: 2, right: 0.25 },
    };
    const features: Action = { kind: "news", news: { kind: "features", done: 8, total: 16, known: 0 } };
    const half = after({ kind: "training" }, features);
    assert.equal(half.training?.share, 0.5);
    assert.match(half.training?.doing ?? "", /8 of 16/);
    const taught = {
      classes: ["a", "b"],
      right: 0.5,
      heldOut: 4,
      confusion: [],
      mistakes: [],
      unreadable: [],
      seconds: 1,
      bytes: 1,
      stopped: false,
    };
    const done = [epoch, { kind: "taught", taught } as const].reduce(reduce, half);
    assert.equal(done.training, undefined);
    assert.equal(done.rounded.length, 1);
    assert.deepEqual(done.ready?.classes, ["a", "b"]);
    const again = reduce(done, { kind: "training" });
    assert.equal(again.taught, undefined);
    assert.notEqual(reduce(again, { kind: "taught", taught }).ready?.number, done.ready?.number);
  });
});
