import type { OutputHead, Standard } from "../data/heads.ts";
import type { Evaluation, HeadEvaluation } from "./evaluate.ts";
import { means, numberMetrics } from "./evaluate-numbers.ts";
import { score, scoreSeveral } from "./score-labels.ts";

/** The outputs of one head for some samples, with what they are compared with. */
export interface HeadRows {
  readonly head: Pick<OutputHead, "name" | "task" | "names" | "weight"> & {
    readonly standard?: readonly Standard[] | undefined;
    /** From which probability on labels count as found; where F1 is best on these samples where absent. */
    readonly thresholds?: readonly number[] | undefined;
  };
  /** Logits, or numbers in their own units, a row per sample. */
  readonly rows: readonly Float32Array[];
  /** 1 where a class holds, or numbers in their own units, NaN where they are not known. */
  readonly targets: readonly Float32Array[];
}

/** The evaluation of rows [W] of a network's outputs, and of the targets that it was trained towards, head by head. */
export function scoreOutputs(
  rows: readonly Float32Array[],
  targets: readonly Float32Array[],
  indices: readonly number[],
  heads: readonly OutputHead[],
): Evaluation {
  const of = (row: Float32Array, { start, names, standard }: OutputHead): Float32Array =>
    row.slice(start, start + names.length).map((v, k) => inUnits(v, standard?.[k]));
  return scoreHeads(
    heads.map((head) => ({
      head,
      rows: rows.map((row) => of(row, head)),
      targets: targets.map((row) => of(row, head)),
    })),
    indices,
  );
}

function inUnits(value: number, standard: Standard | undefined): number {
  return standard ? value * standard.deviation + standard.mean : value;
}

/**
 * The evaluation of the heads of a network on the samples of these indices: a single head's own; of several the first that has labels, with the sum of
 * all losses, the columns of all numbers, and each head by itself.
 */
export function scoreHeads(found: readonly HeadRows[], indices: readonly number[]): Evaluation {
  const heads = found.map((one): HeadEvaluation => {
    const { name, task, weight } = one.head;
    return { name, task, weight, evaluation: scoreHead(one, indices) };
  });
  const [first] = heads;
  const main = heads.find(({ task }) => task !== "numbers") ?? first;
  if (!main) return score([], [], [], 0);
  if (heads.length === 1) return main.evaluation;
  const numbers = heads.flatMap(({ evaluation }) => evaluation.numbers ?? []);
  return {
    ...main.evaluation,
    loss: heads.reduce((sum, { weight, evaluation }) => sum + weight * evaluation.loss, 0),
    ...(numbers[0] ? { numbers: numbers.length === 1 ? numbers[0] : joined(numbers) } : {}),
    heads,
  };
}

function scoreHead({ head, rows, targets }: HeadRows, indices: readonly number[]): Evaluation {
  const { task, names, standard, thresholds } = head;
  if (task !== "numbers") {
    const labels = targets.map((target) => target.indexOf(1));
    return task === "labels"
      ? scoreSeveral(rows, targets, labels, indices, thresholds)
      : score(rows, labels, indices, names.length);
  }
  const numbers = numberMetrics(flat(rows, names.length), flat(targets, names.length), names, standard ?? []);
  return {
    ...score([], [], [], 0),
    count: rows.length,
    loss: numbers.loss,
    indices: Int32Array.from(indices),
    numbers,
  };
}

function flat(rows: readonly Float32Array[], width: number): Float32Array {
  const all = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) all.set(row, i * width);
  return all;
}

type Numbers = NonNullable<Evaluation["numbers"]>;

/** The columns of several heads side by side. */
function joined(numbers: readonly Numbers[]): Numbers {
  const columns = numbers.flatMap((one) => one.columns);
  const rows = (numbers[0]?.predictions.length ?? 0) / Math.max(1, numbers[0]?.columns.length ?? 1);
  const beside = (of: (one: Numbers) => Float32Array): Float32Array =>
    Float32Array.from(
      Array.from({ length: rows }, (_, i) =>
        numbers.flatMap((one) => [...of(one).subarray(i * one.columns.length, (i + 1) * one.columns.length)]),
      ).flat(),
    );
  return {
    ...means(columns),
    columns,
    loss: numbers.reduce((sum, { loss }) => sum + loss, 0) / numbers.length,
    predictions: beside(({ predictions }) => predictions),
    truths: beside(({ truths }) => truths),
  };
}
