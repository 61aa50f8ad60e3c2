import { ToolkitError } from "../errors.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";

/** The loss of some columns of the logits. */
export interface HeadLoss {
  readonly loss: Loss;
  /** How many columns, behind those of the heads before it. */
  readonly width: number;
  readonly weight: number;
}

/**
 * The sum of weight times loss over heads that stand side by side in the logits [N,K], each with the same columns of the target [N,K].
 * @throws E_SETTING for no head, for a weight that is no number, or for a loss whose target has another shape than its logits
 */
export function byHead(heads: readonly HeadLoss[]): Loss {
  const name = "by-head";
  for (const { weight } of heads) expectSetting(name, "weight", weight, "a number of 0 or more");
  const other = heads.find(({ loss }) => SHAPED.every((target) => target !== (loss.target ?? SHAPED[0])) || loss.reads);
  if (heads.length === 0) throw new ToolkitError("E_SETTING", "Cannot sum the losses of heads: there is no head");
  if (other) {
    const what = `Cannot use the loss "${other.loss.name}" for one of several heads`;
    throw new ToolkitError("E_SETTING", `${what}: expected one that compares logits with a target of their shape`);
  }
  return {
    name,
    target: "values",
    emit(x) {
      const { b } = x;
      const sizes = b.ints(heads.map(({ width }) => width));
      const options = { outputCount: heads.length };
      const logits = b.ops("Split", [x.logits, sizes], { axis: 1 }, options);
      const targets = b.ops("Split", [x.target, sizes], { axis: 1 }, options);
      return heads
        .map(({ loss, weight }, i) => {
          const value = loss.emit({ ...x, logits: logits[i] ?? x.logits, target: targets[i] ?? x.target });
          return b.op("Mul", [value, b.scalar(weight)]);
        })
        .reduce((sum, term) => b.op("Add", [sum, term]));
    },
  };
}

/** Targets in the shape of the logits. */
const SHAPED = ["class-distribution", "multi-label", "values"];
