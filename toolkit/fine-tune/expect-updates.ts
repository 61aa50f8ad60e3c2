import { ToolkitError } from "../errors.ts";
import type { StageName } from "./events.ts";

/**
 * Refuses a stage that would end before its first update, and so train nothing.
 * @throws E_SETTING with both numbers
 */
export function expectUpdates(stage: StageName, accumulate: number, steps: number): void {
  if (accumulate <= steps) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot train the ${stage} with accumulate ${accumulate}: the stage has ${steps} step${steps === 1 ? "" : "s"}, expected ${accumulate} or more, as each update takes ${accumulate}`,
    { hint: "choose a smaller accumulate or batchSize, or more epochs" },
  );
}
