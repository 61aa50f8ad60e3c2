import { ToolkitError } from "../errors.ts";
import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { extra } from "./rows.ts";
import type { TargetKind } from "./target-type.ts";

export interface WeightedLoss {
  readonly loss: Loss;
  readonly weight: number;
  /** Name of the value that this loss takes for the logits (an auxiliary classifier); the logits themselves where absent. */
  readonly logits?: string;
}

/**
 * The sum of weight times loss. All parts that have a target share one.
 * @throws E_SETTING for no part, or for parts that ask for different targets
 */
export function weightedSum(parts: readonly WeightedLoss[]): Loss {
  for (const { weight } of parts) expectSetting("weighted-sum", "weight", weight, "a number");
  if (parts.length === 0)
    throw new ToolkitError("E_SETTING", "Cannot sum losses: expected one or more of them, got none");
  const reads = parts.flatMap(({ loss, logits }) => [...(loss.reads ?? []), ...(logits === undefined ? [] : [logits])]);
  return {
    name: "weighted-sum",
    target: commonTarget(parts),
    reads: [...new Set(reads)],
    emit: (x) =>
      parts
        .map(({ loss, weight, logits }) => {
          const value = loss.emit(logits === undefined ? x : { ...x, logits: extra(x, logits) });
          return x.b.op("Mul", [value, x.b.scalar(weight)]);
        })
        .reduce((sum, term) => x.b.op("Add", [sum, term])),
  };
}

function commonTarget(parts: readonly WeightedLoss[]): TargetKind {
  const kinds = parts.map(({ loss }) => loss.target ?? "class-distribution").filter((kind) => kind !== "none");
  const [first = "none", ...others] = new Set(kinds);
  if (others.length === 0) return first;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot sum losses of different targets: expected all as the first, "${first}", got "${others.join('", "')}"`,
  );
}
