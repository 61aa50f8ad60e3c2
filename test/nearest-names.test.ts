import assert from "node:assert/strict";
import { nearestNames } from "../toolkit/nearest-names.ts";

describe("nearest-names", () => {
  it("nearestNames() finds names a few letters away, nearest first", () => {
    assert.deepEqual(nearestNames("resnet81", ["vgg16", "resnet34", "resnet18"]), ["resnet18", "resnet34"]);
    assert.deepEqual(nearestNames("cta", ["cat", "dog"]), ["cat"]);
    assert.deepEqual(nearestNames("giraffe", ["cat", "dog"]), []);
  });

  it("nearestNames() puts names that contain or begin with the text first", () => {
    assert.deepEqual(nearestNames("retriever", ["golden retriever", "retrieves"]), ["golden retriever", "retrieves"]);
    assert.deepEqual(nearestNames("resnet", ["vgg16", "resnet152-v2"]), ["resnet152-v2"]);
  });

  it("nearestNames() does not mind case, and returns names as they are written", () => {
    assert.deepEqual(nearestNames("FLOWER", ["Flowers"]), ["Flowers"]);
  });

  it("nearestNames() returns three at the most, in the same order whatever order they come in", () => {
    const names = ["cat4", "cat2", "cat1", "cat3"];
    assert.deepEqual(nearestNames("cat0", names), ["cat1", "cat2", "cat3"]);
    assert.deepEqual(nearestNames("cat0", names.toReversed()), ["cat1", "cat2", "cat3"]);
  });

  it("nearestNames() is quick on long texts", () => {
    assert.deepEqual(nearestNames("a".repeat(100_000), ["b".repeat(100_000)]), []);
    assert.deepEqual(nearestNames("abc", ["b".repeat(1_000_000)]), []);
  });
});
