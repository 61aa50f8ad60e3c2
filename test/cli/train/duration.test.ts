import assert from "node:assert/strict";
import { readDuration } from "../../../cli/train/duration.ts";

describe("cli/train/duration", () => {
  for (const [text, seconds] of [
    ["90s", 90],
    ["10m", 600],
    ["1h30m", 5400],
    ["1h 30m 5s", 5405],
    ["1.5h", 5400],
    ["45", 45],
  ] as const) {
    it(`readDuration() takes "${text}" for ${seconds} seconds`, () => {
      assert.equal(readDuration("--time-limit", text), seconds);
    });
  }

  for (const text of ["", "soon", "10 minutes", "-5m", "0s", "5m10", "10m1h"]) {
    it(`readDuration() refuses "${text}"`, () => {
      assert.throws(() => readDuration("--time-limit", text), {
        code: "E_USAGE",
        message: `Cannot use --time-limit "${text}": expected a time, such as 90s, 10m or 1h30m`,
      });
    });
  }
});
