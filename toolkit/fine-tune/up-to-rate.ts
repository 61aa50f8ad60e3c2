import type { RateTest } from "../train/rate-finder.ts";
import type { FineTuneEvent, StageName } from "./events.ts";

import type { FineTuneOptions, FineTuneRun } from "./fine-tune.ts";
import { ToolkitError } from "../errors.ts";

/** The range test of the stage that a mode is about. */
export interface FoundRate {
  readonly stage: StageName;
  readonly test: RateTest;
}

/** Reads a run that finds its rate until it has, and ends it there. `start` is handed the signal that ends it. */
export async function* upToRate(
  start: (signal: AbortSignal) => FineTuneRun | Promise<FineTuneRun>,
  { mode = "staged", signal }: Pick<FineTuneOptions, "mode" | "signal">,
): AsyncGenerator<FineTuneEvent, FoundRate> {
  const wanted = mode === "frozen" ? "head" : "network";
  const found = new AbortController();
  const run = await start(signal ? AbortSignal.any([signal, found.signal]) : found.signal);
  let test: RateTest | undefined;
  const events = run[Symbol.asyncIterator]();
  try {
    for (let item = await events.next(); !item.done; item = await events.next()) {
      const event = item.value;
      yield event;
      if (event.kind !== "rate" || event.stage !== wanted) continue;
      test = event.test;
      found.abort();
    }
  } finally {
    // whoever stops reading wants no model either
    found.abort();
    await events.return?.();
  }
  if (test) return { stage: wanted, test };
  throw new ToolkitError("E_STOPPED", "Cannot find a rate: stopped before the range test had ended");
}
