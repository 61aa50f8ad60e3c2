import { defineCommand } from "../command.ts";
import type { Command, OptionSpecs } from "../command.ts";
import type { FindRateOptions } from "../train/run-find-rate.ts";
import { train } from "./train.ts";

/** Options of `train` that say nothing of a range test: what happens after it, and when training ends. */
const ELSEWHERE: ReadonlySet<string> = new Set([
  "resume",
  "forceResume",
  "out",
  "autotune",
  "epochs",
  "schedule",
  "warmUp",
  "ema",
  "teacher",
  "temperature",
  "teacherShare",
  "maxSteps",
  "rate",
  "keep",
  "soupSize",
  "patience",
  "stopMetric",
  "leastImprovement",
  "timeLimit",
  "onNonFinite",
  "maxBad",
]);

const options: OptionSpecs = {
  out: {
    type: "string",
    default: "find-rate.html",
    value: "file",
    help: "where the curve is drawn: an .html file, or an .svg of the picture alone",
  },
  ...Object.fromEntries(Object.entries(train.options).filter(([name]) => !ELSEWHERE.has(name))),
};

export const findRate: Command = defineCommand({
  name: "find-rate",
  summary: "Find a learning rate for a network and photos, by a range test",
  examples: [
    "find-rate photos/",
    "find-rate photos/ --mode frozen --out rate.svg",
    "find-rate photos/ --batch 32 --json",
  ],
  positionals: { data: train.positionals["data"] ?? { help: "photos" } },
  options,
  stoppable: true,
  async run({ options: chosen, positionals: { data }, out, signal }) {
    const { runFindRate } = await import("../train/run-find-rate.ts");
    await runFindRate({
      options: chosen as unknown as FindRateOptions,
      positionals: { data },
      out,
      signal,
    });
  },
});
