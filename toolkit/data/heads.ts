import { ToolkitError } from "../errors.ts";
import type { Dataset } from "./dataset.ts";
import type { Sample } from "./sample.ts";
import type { Targets } from "./targets.ts";

/** What the outputs of a head say: one of some classes, which of some labels hold, or numbers. */
export type Task = "classes" | "labels" | "numbers";

/** How a column of numbers is standardised for training: (number - mean) / deviation. */
export interface Standard {
  readonly mean: number;
  readonly deviation: number;
}

/** Some of a network's outputs, side by side, that are learnt and measured by themselves. */
export interface OutputHead {
  readonly name: string;
  readonly task: Task;
  /** Classes or columns, one for each output. */
  readonly names: readonly string[];
  /** The first of its outputs. */
  readonly start: number;
  /** What its loss counts in the sum of all. */
  readonly weight: number;
  /** Where samples have its labels: 0, `labels`, else the place in `more` behind it. */
  readonly labelSet?: number;
  /** Where samples have its numbers. */
  readonly columns?: readonly number[];
  /** Of each column. */
  readonly standard?: readonly Standard[];
}

/** How many outputs heads have together. */
function widthOf(heads: readonly Pick<OutputHead, "names">[]): number {
  return heads.reduce((sum, { names }) => sum + names.length, 0);
}

/**
 * Mean and deviation of a column over the samples that have a number there.
 * @throws E_DATA_CLASSES where none has, or all have the same
 */
export function standardOf(samples: readonly Sample[], column: number, name: string): Standard {
  const values = samples.flatMap(({ numbers }) => {
    const value = numbers?.[column] ?? Number.NaN;
    return Number.isNaN(value) ? [] : [value];
  });
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  // the deviation of equal numbers is not always 0 to the last bit
  if (values.some((v) => v !== values[0]) && Number.isFinite(deviation)) return { mean, deviation };
  const found = values.length === 0 ? "no training photo has a number there" : `all have ${values[0]}`;
  throw new ToolkitError("E_DATA_CLASSES", `Cannot learn the column "${name}": ${found}`, {
    hint: "numbers are learnt from photos that differ in them; leave the column out of --targets",
  });
}

/**
 * What samples are compared with: for each head 1 for its classes that hold and 0 for the others, or numbers standardised, NaN where a number is not known.
 */
export function headTargets(heads: readonly OutputHead[]): Targets {
  return { width: widthOf(heads), of: (sample) => heads.flatMap((head) => rowOf(sample, head)) };
}

function rowOf(sample: Sample, { names, labelSet, columns, standard }: OutputHead): readonly number[] {
  if (labelSet !== undefined) {
    const has = new Set(labelsIn(sample, labelSet));
    return names.map((_, i) => (has.has(i) ? 1 : 0));
  }
  return names.map((_, i) => {
    const { mean = 0, deviation = 1 } = standard?.[i] ?? {};
    return ((sample.numbers?.[columns?.[i] ?? -1] ?? Number.NaN) - mean) / deviation;
  });
}

/** The classes that a sample has of a set of labels. */
export function labelsIn({ label, labels, more }: Sample, labelSet: number): readonly number[] {
  if (labelSet > 0) return more?.[labelSet - 1] ?? [];
  return labels ?? (label < 0 ? [] : [label]);
}

/** What a data set has to learn. */
export type Learnable = Pick<Dataset, "classes" | "isMultiLabel" | "columns" | "labelColumn" | "more">;

/** A column that can be learnt. */
export interface TargetColumn {
  readonly name: string;
  readonly task: Task;
  /** The classes of a column of labels. */
  readonly classes: readonly string[];
  /** Its `labelSet`, or its place among the numbers. */
  readonly place: number;
}

/** The columns of a data set that can be learnt. */
export function targetColumnsOf(data: Learnable): readonly TargetColumn[] {
  const { classes, isMultiLabel = false, columns = [], labelColumn = "label", more = [] } = data;
  const first = { name: labelColumn, classes, isMultiLabel };
  const labels = [...(classes.length > 0 ? [first] : []), ...more].map((set, place): TargetColumn => ({
    name: set.name,
    task: set.isMultiLabel ? "labels" : "classes",
    classes: set.classes,
    place,
  }));
  return [...labels, ...columns.map((name, place): TargetColumn => ({ name, task: "numbers", classes: [], place }))];
}
