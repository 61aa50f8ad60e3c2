import type { Dataset } from "../data/dataset.ts";
import { ToolkitError } from "../errors.ts";
import { bytesPerElement, sizeOf } from "../graph/tensor.ts";
import type { PartialCut } from "./partial-cut.ts";
import type { Platform } from "./platform.ts";
import type { Settings } from "./settings.ts";

/** Where the activations of a frozen part go. */
export interface CachePlan {
  /** Of the rows of training and validation photos. */
  readonly trainBytes: number;
  readonly validationBytes: number;
  readonly inMemory: boolean;
  readonly onDisk: boolean;
}

/**
 * Decides where activations are kept, before any is computed: in memory where they fit, and on disk, where they are found again.
 * @throws E_SETTING where they fit in neither
 */
export function cachePlan(
  { value, shape }: Pick<PartialCut, "value" | "shape">,
  settings: Settings,
  { train, validation }: Pick<Dataset, "train" | "validation">,
  platform: Pick<Platform, "activationStore">,
): CachePlan {
  const { views, cacheType, cacheMemoryBytes, cacheDiskBytes } = settings;
  const row = sizeOf(shape) * bytesPerElement(cacheType);
  const validationBytes = validation.length * sizeOf(shape) * bytesPerElement("float32");
  const trainBytes = train.length * views * row;
  const bytes = trainBytes + validationBytes;
  const inMemory = bytes <= cacheMemoryBytes;
  const onDisk = platform.activationStore !== undefined && bytes <= cacheDiskBytes;
  if (inMemory || onDisk) return { trainBytes, validationBytes, inMemory, onDisk };
  const most = Math.max(cacheMemoryBytes, platform.activationStore ? cacheDiskBytes : 0);
  const fitting = Math.floor((most - validationBytes) / (train.length * row));
  const ways = [
    ...(views > 1 && fitting >= 1 ? [`use --views ${Math.min(fitting, views - 1)}`] : []),
    ...(cacheType === "float32" ? ["halve them with --cache-type float16"] : []),
    ...(shape.length > 1 ? ["train fewer layers with --train-from or --unfreeze"] : []),
    `allow more with --cache-${platform.activationStore ? "disk" : "memory"} ${(Math.ceil(bytes / 1e8) / 10).toFixed(1)}`,
  ];
  throw new ToolkitError(
    "E_SETTING",
    `Cannot cache the activations at "${value}" of ${viewsText(train.length, views)} and ${validation.length} to validate: they take ${megabytes(bytes)}, expected at most ${megabytes(most)}`,
    { hint: ways.join(", or ") },
  );
}

/** "244 photos", "244 photos in 4 views each". */
export function viewsText(photos: number, views: number): string {
  return `${photos} photos${views > 1 ? ` in ${views} views each` : ""}`;
}

/** "12 MB", "1.2 MB", "46 kB". */
export function megabytes(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return `${bytes < 10e6 ? (bytes / 1e6).toFixed(1) : Math.round(bytes / 1e6)} MB`;
}
