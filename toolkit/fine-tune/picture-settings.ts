import type { AugmentSettings } from "../data/augment.ts";
import { checkAugmentation } from "../data/augment-check.ts";
import { parseAugmentation } from "../data/augment-text.ts";
import { checkMix } from "../data/mix-batch.ts";
import type { MixSettings } from "../data/mix-batch.ts";

/** What a user may choose of how training pictures differ from those that are served. */
export interface PictureSettings {
  /**
   * Random crops and flips while training every layer: true; nothing: false. More is said as settings, or as a text that `parseAugmentation` reads,
   * such as "rotate:degrees=15+trivial-augment".
   */
  readonly augment?: boolean | string | AugmentSettings;
  /** Smallest share of a photo's area that a random crop keeps; 0.08. */
  readonly cropScale?: number;
  /** Lay the pictures of a batch over each other, in shares from Beta(mixup, mixup), such as 0.2; 0 for no. */
  readonly mixup?: number;
  /** Put a box of one picture of a batch into another, its area from Beta(cutmix, cutmix), such as 1; 0 for no. */
  readonly cutmix?: number;
  /** Share of the batches that are mixed; 1. */
  readonly mixProbability?: number;
  /** Where both are asked for: the share of the mixed batches that get boxes; 0.5. */
  readonly cutmixShare?: number;
}

/** The same with defaults decided. What nobody asked for is absent. */
export interface Pictures {
  readonly augment: boolean;
  readonly cropScale: number;
  /** Beside, or instead of, the usual crops and flips. */
  readonly augmentation?: AugmentSettings;
  readonly mix?: MixSettings;
}

/** Decides the defaults. @throws E_SETTING where a text is no augmentation */
export function settlePictures(chosen: PictureSettings): Pictures {
  const { augment = true, cropScale = 0.08, mixup = 0, cutmix = 0, mixProbability, cutmixShare } = chosen;
  const augmentation = typeof augment === "string" ? parseAugmentation(augment) : augment;
  const mix = {
    mixupAlpha: mixup,
    cutmixAlpha: cutmix,
    ...(mixProbability === undefined ? {} : { mixProbability }),
    ...(cutmixShare === undefined ? {} : { cutmixShare }),
  };
  const mixes = mixup !== 0 || cutmix !== 0 || mixProbability !== undefined || cutmixShare !== undefined;
  return {
    augment: augmentation !== false,
    cropScale,
    ...(typeof augmentation === "object" ? { augmentation } : {}),
    ...(mixes ? { mix } : {}),
  };
}

/** How training pictures are augmented; null where they are shown as they are served. */
export function augmentationOf({ augment, cropScale, augmentation }: Pictures): AugmentSettings | null {
  return augment ? { minArea: cropScale, ...augmentation } : null;
}

/** @throws E_SETTING naming the setting, its value and what was expected */
export function checkPictures({ augmentation, mix }: Pictures): void {
  if (augmentation) checkAugmentation(augmentation);
  if (mix) checkMix(mix);
}
