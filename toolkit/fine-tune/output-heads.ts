import type { Dataset } from "../data/dataset.ts";
import { headTargets, standardOf, targetColumnsOf } from "../data/heads.ts";
import type { OutputHead } from "../data/heads.ts";
import { labelTargets } from "../data/targets.ts";
import type { Targets } from "../data/targets.ts";
import type { HeadSetting } from "./head-settings.ts";
import type { Settings } from "./settings.ts";

/** What a network is to say of photos: names of its outputs, and heads where it is not one of some classes, or labels, alone. */
export interface Outputs {
  readonly names: readonly string[];
  readonly heads?: readonly OutputHead[];
  /** What photos are compared with, where that is not one class each. */
  readonly targets?: Targets;
}

/** @throws E_DATA_CLASSES where a column of numbers has nothing to learn */
export function outputsOf({ heads: settled }: Pick<Settings, "heads">, dataset: Dataset): Outputs {
  const { classes, isMultiLabel } = dataset;
  if (!settled) return { names: classes, ...(isMultiLabel ? { targets: labelTargets(classes.length) } : {}) };
  const heads = outputHeads(settled, dataset);
  return { names: heads.flatMap(({ names }) => names), heads, targets: headTargets(heads) };
}

/** The heads side by side, with what their numbers are standardised by: mean and deviation of the training photos. */
function outputHeads(settled: readonly HeadSetting[], dataset: Dataset): readonly OutputHead[] {
  const columns = targetColumnsOf(dataset);
  let start = 0;
  return settled.map(({ name, task, target, weight }) => {
    const own = target.flatMap((wanted) => columns.find((column) => column.name === wanted) ?? []);
    const about = { name, task, weight, start };
    if (task !== "numbers") {
      const names = own[0]?.classes ?? [];
      start += names.length;
      return { ...about, names, labelSet: own[0]?.place ?? 0 };
    }
    start += own.length;
    return {
      ...about,
      names: target,
      columns: own.map(({ place }) => place),
      standard: own.map((column) => standardOf(dataset.train, column.place, column.name)),
    };
  });
}
