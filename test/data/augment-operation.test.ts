import assert from "node:assert/strict";
import { mixOperations, randOperations, wideOperations } from "../../toolkit/data/augment-operation.ts";
import type { Operation } from "../../toolkit/data/augment-operation.ts";
import type { Size } from "../../toolkit/images/resample.ts";
import { fixture, readJson } from "../support/fixtures.ts";

interface Spaces {
  readonly size: Size;
  readonly spaces: Readonly<
    Record<"rand" | "wide" | "mix", readonly (readonly [string, readonly number[], boolean])[]>
  >;
}

describe("data/augment-operation", () => {
  const { size, spaces } = readJson<Spaces>(fixture("augment/pillow.json"));
  const plain = (space: readonly Operation[]): unknown =>
    space.map(({ name, magnitudes, isSigned }) => [name, magnitudes, isSigned]);

  it("randOperations() has the operations and magnitudes of torchvision's RandAugment, to the bit", () => {
    assert.deepEqual(plain(randOperations(31, size)), spaces.rand);
  });

  it("wideOperations() has those of TrivialAugmentWide", () => {
    assert.deepEqual(plain(wideOperations(31)), spaces.wide);
  });

  it("mixOperations() has those of AugMix, brightness and the like only where they are asked for", () => {
    assert.deepEqual(plain(mixOperations(10, size, true)), spaces.mix);
    assert.deepEqual(plain(mixOperations(10, size, false)), spaces.mix.slice(0, 9));
  });
});
