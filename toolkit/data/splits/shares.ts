import { ToolkitError } from "../../errors.ts";
import type { Part } from "../entry.ts";

export interface SplitShares {
  /** Share of the photos that validates; 0.2 where absent. */
  readonly validationShare?: number;
  /** Share of the photos that is kept for a test; 0 where absent. */
  readonly testShare?: number;
}

export interface SeededShares extends SplitShares {
  readonly seed?: number;
}

/**
 * The parts in the order in which photos are ranked: validation and test never border on each other, so that a boundary
 * that moves exchanges none between them.
 */
export const RANKED_PARTS: readonly Part[] = ["validation", "train", "test"];
/** Where "train" stands there. */
export const TRAIN = 1;

/**
 * The shares of `RANKED_PARTS`.
 * @throws E_SETTING
 */
export function rankedShares({ validationShare = 0.2, testShare = 0 }: SplitShares): readonly number[] {
  for (const [name, share] of [
    ["validation", validationShare],
    ["test", testShare],
  ] as const) {
    if (share >= 0 && share < 1) continue;
    throw new ToolkitError(
      "E_SETTING",
      `Cannot split the data: expected a ${name} share from 0 to below 1, got ${share}`,
    );
  }
  if (validationShare + testShare < 1) return [validationShare, 1 - validationShare - testShare, testShare];
  throw new ToolkitError(
    "E_SETTING",
    `Cannot split the data: expected shares for validation and test of less than 1 together, got ${validationShare} and ${testShare}`,
    { hint: "what is left is trained on" },
  );
}

/** @throws E_SETTING unless it is a whole number */
export function checkSeed(seed: number): number {
  if (Number.isSafeInteger(seed)) return seed;
  throw new ToolkitError("E_SETTING", `Cannot split the data: expected a whole number as seed, got ${seed}`);
}
