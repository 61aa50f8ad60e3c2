import { ToolkitError } from "../errors.ts";

/** What a setting of a loss may be. */
type Range = "a number" | "a number above 0" | "a number of 0 or more" | "a number from 0 to 1" | "1 or 2";

const ranges: Readonly<Record<Range, (v: number) => boolean>> = {
  "a number": () => true,
  "a number above 0": (v) => v > 0,
  "a number of 0 or more": (v) => v >= 0,
  "a number from 0 to 1": (v) => v >= 0 && v <= 1,
  "1 or 2": (v) => v === 1 || v === 2,
};

/**
 * Refuses a setting outside of its range; of a list, each number is checked.
 * @throws E_SETTING
 */
export function expectSetting(loss: string, name: string, value: number | readonly number[], expected: Range): void {
  // a command line may hand in anything
  const wrong = [value]
    .flat()
    .find((v: unknown) => typeof v !== "number" || !Number.isFinite(v) || !ranges[expected](v));
  if (wrong === undefined) return;
  throw new ToolkitError("E_SETTING", `Cannot make the loss "${loss}" with ${name} ${wrong}: expected ${expected}`);
}
