import { expectSetting } from "./expect-setting.ts";
import type { Loss } from "./loss.ts";
import { countedRows, extra, sumOverClasses, weightedMean } from "./rows.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import { weightedSum } from "./weighted-sum.ts";

export interface DistillationOptions {
  /** T: how much the teacher's probabilities are evened out; 4 where absent. */
  readonly temperature?: number;
  /** Share of the teacher, the rest being the labels'; 1 where absent, and then no labels are needed. */
  readonly alpha?: number;
  /** Name of the value that holds the teacher's logits, in the shape of the student's; "teacher.logits" where absent, as `mergeTeacher` names it. */
  readonly teacher?: string;
  /** The loss of the labels; softmax cross-entropy where absent. */
  readonly hard?: Loss;
}

/**
 * Knowledge distillation: alpha T^2 KL(softmax(teacher / T) || softmax(logits / T)) + (1 - alpha) hard loss
 * (Hinton et al. 2015, Distilling the Knowledge in a Neural Network, section 2).
 * @throws E_SETTING
 */
export function distillation(options: DistillationOptions = {}): Loss {
  const { temperature = 4, alpha = 1, teacher = "teacher.logits", hard = softmaxCrossEntropy() } = options;
  expectSetting("distillation", "temperature", temperature, "a number above 0");
  expectSetting("distillation", "alpha", alpha, "a number from 0 to 1");
  const soft = divergence(temperature, teacher);
  if (alpha === 1) return soft;
  const mixed = weightedSum([
    { loss: soft, weight: alpha },
    { loss: hard, weight: 1 - alpha },
  ]);
  return { ...mixed, name: "distillation" };
}

function divergence(temperature: number, teacher: string): Loss {
  return {
    name: "distillation",
    target: "none",
    reads: [teacher],
    emit(x) {
      const { b } = x;
      const t = b.scalar(temperature);
      const known = b.op("Div", [countedRows(x, extra(x, teacher)), t]);
      const log = b.op("LogSoftmax", [b.op("Div", [countedRows(x, x.logits), t])], { axis: 1 });
      const gap = b.op("Sub", [b.op("LogSoftmax", [known], { axis: 1 }), log]);
      const rows = sumOverClasses(b, b.op("Mul", [b.op("Softmax", [known], { axis: 1 }), gap]));
      return b.op("Mul", [weightedMean(x, rows), b.scalar(temperature ** 2)]);
    },
  };
}
