import type { EvaluationOptions } from "../data/dataset.ts";
import type { ModelMetadata } from "../export/metadata.ts";

/** What is read of a table to measure a model on it: the columns that its heads were trained on. */
export function evaluationTargets({
  heads,
}: ModelMetadata): Pick<EvaluationOptions, "targets" | "more" | "isMultiLabel"> {
  if (!heads) return {};
  const labelled = heads.filter(({ task }) => task !== "numbers");
  const [first, ...others] = labelled;
  const numbers = heads.flatMap(({ task, names }) => (task === "numbers" ? names : []));
  return {
    targets: [
      ...labelled.map(({ column, name }) => `${column ?? name}:label`),
      ...numbers.map((name) => `${name}:number`),
    ],
    more: others.map(({ column, name, task, names }) => ({
      name: column ?? name,
      isMultiLabel: task === "labels",
      classes: names,
    })),
    ...(first?.task === "labels" ? { isMultiLabel: true } : {}),
  };
}
