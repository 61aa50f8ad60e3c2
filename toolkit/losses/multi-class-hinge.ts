import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { classesOf, countedRows, sumOverClasses, weightedMean } from "./rows.ts";

export interface MultiClassHingeOptions {
  /** By how much the right class should lead; 1 where absent. */
  readonly margin?: number;
  /** 1 or 2: the power of each violation; 1 where absent. */
  readonly power?: number;
}

/**
 * Multi-class hinge of logits z and the class y: sum over k != y of max(0, margin - z_y + z_k)^power / K
 * (Weston and Watkins 1999; PyTorch's MultiMarginLoss). The target has one class per row.
 * @throws E_SETTING
 */
export function multiClassHinge({ margin = 1, power = 1 }: MultiClassHingeOptions = {}): Loss {
  const name = "multi-class-hinge";
  expectSetting(name, "margin", margin, "a number");
  expectSetting(name, "power", power, "1 or 2");
  return {
    name,
    target: "class-distribution",
    emit(x) {
      const { b } = x;
      const z = countedRows(x, x.logits);
      const target = countedRows(x, x.target);
      const right = b.op("ReduceSum", [b.op("Mul", [target, z]), b.ints([1])], { keepdims: 1 });
      const violation = b.op("Relu", [b.op("Add", [b.op("Sub", [z, right]), b.scalar(margin)])]);
      const others = b.op("Mul", [violation, b.op("Sub", [b.scalar(1), target])]);
      const powers = power === 2 ? b.op("Mul", [others, others]) : others;
      return weightedMean(x, b.op("Div", [sumOverClasses(b, powers), b.scalar(classesOf(x.logits))]));
    },
  };
}
