import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import { batchAllTriplet } from "./batch-all-triplet.ts";
import { batchContrastive } from "./batch-contrastive.ts";
import { batchHardTriplet } from "./batch-hard-triplet.ts";
import { binaryCrossEntropy } from "./binary-cross-entropy.ts";
import { binaryHinge } from "./binary-hinge.ts";
import { contrastive } from "./contrastive.ts";
import { distillation } from "./distillation.ts";
import { focal } from "./focal.ts";
import { huber } from "./huber.ts";
import type { Loss } from "./loss.ts";
import { meanAbsoluteError } from "./mean-absolute-error.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import { multiClassHinge } from "./multi-class-hinge.ts";
import { sigmoidFocal } from "./sigmoid-focal.ts";
import { smoothL1 } from "./smooth-l1.ts";
import { softmaxCrossEntropy } from "./softmax-cross-entropy.ts";
import { tripletMargin } from "./triplet-margin.ts";

/** Settings of all losses that have a name; each takes some of them. */
export interface NamedLossOptions {
  readonly labelSmoothing?: number;
  readonly classWeights?: readonly number[];
  readonly posWeight?: readonly number[];
  readonly gamma?: number;
  /** Weight of a label that holds (focal-sigmoid), share of the teacher (distillation). */
  readonly alpha?: number;
  readonly delta?: number;
  readonly beta?: number;
  readonly margin?: number;
  readonly power?: number;
  readonly epsilon?: number;
  readonly temperature?: number;
}

interface Entry {
  readonly settings: readonly (keyof NamedLossOptions)[];
  readonly make: (options: NamedLossOptions) => Loss;
}

const losses: ReadonlyMap<string, Entry> = new Map<string, Entry>([
  ["cross-entropy", { settings: ["labelSmoothing", "classWeights"], make: softmaxCrossEntropy }],
  ["bce", { settings: ["posWeight"], make: binaryCrossEntropy }],
  [
    "focal",
    {
      settings: ["gamma", "classWeights"],
      make: ({ gamma = 2, classWeights }) => focal({ gamma, ...(classWeights ? { alpha: classWeights } : {}) }),
    },
  ],
  ["focal-sigmoid", { settings: ["gamma", "alpha"], make: sigmoidFocal }],
  ["mse", { settings: [], make: meanSquaredError }],
  ["l1", { settings: [], make: meanAbsoluteError }],
  ["huber", { settings: ["delta"], make: huber }],
  ["smooth-l1", { settings: ["beta"], make: smoothL1 }],
  ["hinge", { settings: ["margin", "power"], make: multiClassHinge }],
  ["binary-hinge", { settings: ["margin"], make: binaryHinge }],
  ["triplet", { settings: ["margin", "epsilon"], make: tripletMargin }],
  ["batch-hard-triplet", { settings: ["margin"], make: batchHardTriplet }],
  ["batch-all-triplet", { settings: ["margin"], make: batchAllTriplet }],
  ["batch-contrastive", { settings: ["margin"], make: batchContrastive }],
  ["contrastive", { settings: ["margin", "epsilon"], make: contrastive }],
  [
    "distillation",
    {
      settings: ["temperature", "alpha", "labelSmoothing", "classWeights"],
      make: ({ labelSmoothing, classWeights, ...options }) =>
        distillation({
          ...options,
          hard: softmaxCrossEntropy({
            ...(labelSmoothing === undefined ? {} : { labelSmoothing }),
            ...(classWeights ? { classWeights } : {}),
          }),
        }),
    },
  ],
]);

/** The names that `namedLoss` knows. */
export const lossNames: readonly string[] = [...losses.keys()];

/**
 * The loss called `name`, with those of its settings that are given.
 * @throws E_SETTING for a name that is none, for a setting that this loss does not have, or for a value out of range
 */
export function namedLoss(name: string, options: NamedLossOptions = {}): Loss {
  const entry = losses.get(name);
  if (!entry) throw unknownName(name, lossNames, `Cannot train with loss "${name}": expected one of`);
  const known: readonly string[] = entry.settings;
  const foreign = Object.entries(options).find(([setting, value]) => value !== undefined && !known.includes(setting));
  if (foreign) {
    const expected = known.length === 0 ? "no setting" : known.join(", ");
    throw new ToolkitError(
      "E_SETTING",
      `Cannot give the loss "${name}" the setting ${foreign[0]}: it takes ${expected}`,
    );
  }
  return entry.make(listed(options));
}

/** A list of one may be written as its item. */
function listed({ classWeights, posWeight, ...options }: NamedLossOptions): NamedLossOptions {
  return {
    ...options,
    ...(classWeights === undefined ? {} : { classWeights: [classWeights].flat() }),
    ...(posWeight === undefined ? {} : { posWeight: [posWeight].flat() }),
  };
}
