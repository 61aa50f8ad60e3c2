import type { Learnable } from "../data/heads.ts";
import { targetColumnsOf } from "../data/heads.ts";
import { positiveWeights } from "../data/positive-weights.ts";
import type { Sample } from "../data/sample.ts";
import { ToolkitError } from "../errors.ts";
import type { HeadSetting } from "./head-settings.ts";
import type { HeadLossChoice } from "./task-losses.ts";

/** What labels that hold count in bce, for each class: found from the training photos, or as it is said. */
export type PositiveWeight = "auto" | readonly number[];

interface Losses {
  readonly loss: HeadLossChoice;
  readonly heads?: readonly HeadSetting[] | undefined;
}

/**
 * The losses of a run, bce with the weights of labels that hold.
 * @throws E_SETTING where there is no bce, or it has such weights already
 */
export function weighPositives<T extends Losses>(
  losses: T,
  posWeight: PositiveWeight | undefined,
  data: Learnable & { readonly train?: readonly Sample[] },
): T {
  if (posWeight === undefined) return losses;
  const { loss, heads } = losses;
  const all = heads?.map((head) => head.loss) ?? [loss];
  if (!all.some(({ name }) => name === "bce")) {
    throw refusal(`posWeight and the loss "${loss.name}"`, "it weighs the labels of bce", "add --loss bce");
  }
  if (all.some((one) => one.posWeight !== undefined)) {
    throw refusal("posWeight beside bce:posWeight", "both say the same", "leave one out");
  }
  const weigh = (own: HeadLossChoice, target: string | undefined): HeadLossChoice => {
    if (own.name !== "bce") return own;
    const column = targetColumnsOf(data).find((one) => one.task !== "numbers" && (target ?? one.name) === one.name);
    // while a setting is only tried out there are no photos
    if (posWeight === "auto" && !data.train) return own;
    const { classes, place } = column ?? { classes: [], place: 0 };
    return {
      ...own,
      posWeight: posWeight === "auto" ? positiveWeights(data.train ?? [], classes.length, place) : posWeight,
    };
  };
  return {
    ...losses,
    loss: weigh(loss, undefined),
    ...(heads
      ? { heads: heads.map((head) => Object.assign({}, head, { loss: weigh(head.loss, head.target[0]) })) }
      : {}),
  };
}

function refusal(what: string, why: string, hint: string): ToolkitError {
  return new ToolkitError("E_SETTING", `Cannot train with ${what}: ${why}`, { hint });
}
