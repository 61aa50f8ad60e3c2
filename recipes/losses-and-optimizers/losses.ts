import { elementTypeNumber } from "../../toolkit/graph/element-type.ts";
import { meanSquaredError, softmaxCrossEntropy } from "../../toolkit/node.ts";
import type { Loss } from "../../toolkit/node.ts";

/** Classes and numbers of a digit, side by side. */
export const CLASSES = 10;
export const NUMBERS = 2;

/** A loss of class indices as one of rows that are 1 at their class, which is what `train` feeds. */
export function ofRows(loss: Loss): Loss {
  return {
    ...loss,
    target: "class-distribution",
    emit: (x) => {
      const index = x.b.op("ArgMax", [x.target], { axis: 1, keepdims: 0 });
      return loss.emit({ ...x, target: x.b.op("Cast", [index], { to: elementTypeNumber("int32") }) });
    },
  };
}

/** Classification and regression by one net: cross-entropy of the first outputs, and so many times the squared error of the others. */
export function classesAndNumbers(weight: number): Loss {
  return {
    name: "classes-and-numbers",
    target: "values",
    emit: (x) => {
      const { b } = x;
      const parts = { outputCount: 2 };
      const split = b.ints([CLASSES, NUMBERS]);
      const [logits, numbers] = b.ops("Split", [x.logits, split], { axis: 1 }, parts);
      const [classTarget, numberTarget] = b.ops("Split", [x.target, split], { axis: 1 }, parts);
      if (!logits || !numbers || !classTarget || !numberTarget) throw new Error("a row has two parts");
      const ofClasses = softmaxCrossEntropy().emit({ ...x, logits, target: classTarget });
      const ofNumbers = meanSquaredError().emit({ ...x, logits: numbers, target: numberTarget });
      return b.op("Add", [ofClasses, b.op("Mul", [ofNumbers, b.scalar(weight)])]);
    },
  };
}
