import type { Part } from "./entry.ts";
import type { Sample } from "./sample.ts";

/** The samples of each part. */
export interface PartedSamples {
  readonly train: readonly Sample[];
  readonly validation: readonly Sample[];
  readonly test?: readonly Sample[];
}

export interface ClassCount extends Readonly<Record<Part, number>> {
  readonly name: string;
}

export interface BalanceWarning {
  readonly text: string;
  /** What to do. */
  readonly advice: string;
}

/** How photos are spread over classes. */
export interface ClassBalance {
  /** In the order of the classes. */
  readonly classes: readonly ClassCount[];
  /** Photos in each part. */
  readonly photos: Readonly<Record<Part, number>>;
  /** Training photos of the largest class for one of the smallest; null where a class has none. */
  readonly ratio: number | null;
  /** Where photos may have several labels. */
  readonly labelsPerPhoto?: LabelsPerPhoto;
  readonly warnings: readonly BalanceWarning[];
}

export interface LabelsPerPhoto {
  readonly mean: number;
  readonly most: number;
  /** Photos that have none. */
  readonly none: number;
}

export interface BalanceOptions {
  /**
   * A class of fewer training photos is reported as small; 20 where absent: the fifth that validates is then 5 photos,
   * and each a fifth of its recall.
   */
  readonly fewPhotos?: number;
  /** From this ratio on classes are reported as unequal; 5 where absent. */
  readonly unequalRatio?: number;
}

/** Counts photos by class and part, and says what would spoil training or what is measured. */
export function classBalance(
  { train, validation, test = [] }: PartedSamples,
  classes: readonly string[],
  { fewPhotos = 20, unequalRatio = 5 }: BalanceOptions = {},
): ClassBalance {
  const inTrain = countLabels(train, classes.length);
  const inValidation = countLabels(validation, classes.length);
  const inTest = countLabels(test, classes.length);
  const counts = classes.map((name, i) => ({
    name,
    train: inTrain[i] ?? 0,
    validation: inValidation[i] ?? 0,
    test: inTest[i] ?? 0,
  }));
  const least = Math.min(...inTrain);
  const ratio = classes.length > 0 && least > 0 ? Math.max(...inTrain) / least : null;
  const photos = { train: train.length, validation: validation.length, test: test.length };
  const all = [...train, ...validation, ...test];
  const warnings = [
    ...missingWarnings(counts, photos),
    ...smallWarning(counts, fewPhotos),
    ...ratioWarning(counts, ratio, unequalRatio),
  ];
  const isMultiLabel = all.some(({ labels }) => labels !== undefined);
  return { classes: counts, photos, ratio, ...(isMultiLabel ? { labelsPerPhoto: labelsPerPhoto(all) } : {}), warnings };
}

/** The counts as a table for people, smallest classes first; parts without photos are left out. */
export function balanceTable({ classes, photos }: ClassBalance): {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
} {
  const parts = (["train", "validation", "test"] as const).filter((part) => part === "train" || photos[part] > 0);
  const row = (c: ClassCount): readonly (string | number)[] => [c.name, ...parts.map((part) => c[part])];
  return { head: ["class", ...parts], rows: classes.toSorted((a, b) => a.train - b.train).map(row) };
}

function labelsOf({ label, labels }: Sample): readonly number[] {
  return labels ?? (label < 0 ? [] : [label]);
}

function countLabels(samples: readonly Sample[], classes: number): readonly number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of samples.flatMap((sample) => [...new Set(labelsOf(sample))])) {
    if (label in counts) counts[label] = (counts[label] ?? 0) + 1;
  }
  return counts;
}

function labelsPerPhoto(samples: readonly Sample[]): LabelsPerPhoto {
  const counts = samples.map((sample) => new Set(labelsOf(sample)).size);
  const sum = counts.reduce((total, count) => total + count, 0);
  const most = counts.reduce((largest, count) => Math.max(largest, count), 0);
  return { mean: sum / Math.max(1, counts.length), most, none: counts.filter((count) => count === 0).length };
}

function missingWarnings(counts: readonly ClassCount[], photos: Readonly<Record<Part, number>>): BalanceWarning[] {
  const untrained = counts.filter(({ train }) => train === 0);
  const unmeasured = counts.filter(({ train, validation }) => train > 0 && validation === 0);
  const warnings: BalanceWarning[] = [];
  if (untrained.length > 0) {
    warnings.push({
      text: `${nameCounts(untrained)} without a training photo: nothing can be learnt of it`,
      advice: "add photos, leave the class out, or split in another way",
    });
  }
  if (unmeasured.length > 0 && photos.validation > 0) {
    warnings.push({
      text: `${nameCounts(unmeasured)} without a validation photo: nothing says how well that is recognised`,
      advice: "add photos, or use several folds",
    });
  }
  return warnings;
}

function smallWarning(counts: readonly ClassCount[], fewPhotos: number): BalanceWarning[] {
  const small = counts.filter(({ train }) => train > 0 && train < fewPhotos).toSorted((a, b) => a.train - b.train);
  if (small.length === 0) return [];
  return [
    {
      text: `${nameCounts(small, ({ train }) => train)} with fewer than ${fewPhotos} training photos`,
      advice: "add photos, train with more augmentation or a frozen network, and trust its measures little",
    },
  ];
}

function ratioWarning(counts: readonly ClassCount[], ratio: number | null, limit: number): BalanceWarning[] {
  const sorted = counts.filter(({ train }) => train > 0).toSorted((a, b) => a.train - b.train);
  const [smallest, largest] = [sorted[0], sorted.at(-1)];
  if (!smallest || !largest || (ratio ?? largest.train / smallest.train) < limit) return [];
  const times = (largest.train / smallest.train).toFixed(largest.train < 10 * smallest.train ? 1 : 0);
  return [
    {
      text: `"${largest.name}" has ${times} times the training photos of "${smallest.name}" (${largest.train} and ${smallest.train}): a network may do well by naming it always`,
      advice:
        "use class weights, or a sampler that draws all classes equally often, and look at macro F1 beside accuracy",
    },
  ];
}

/** "3 classes", with the names of some of them and their counts. */
function nameCounts(counts: readonly ClassCount[], count?: (c: ClassCount) => number): string {
  const names = counts.slice(0, 5).map((c) => (count ? `"${c.name}" ${count(c)}` : `"${c.name}"`));
  const more = counts.length > names.length ? ` and ${counts.length - names.length} more` : "";
  return `${counts.length} ${counts.length === 1 ? "class" : "classes"} (${names.join(", ")}${more})`;
}
