import { targetColumnsOf } from "../data/heads.ts";
import type { Learnable, TargetColumn, Task } from "../data/heads.ts";
import { quotedList } from "../data/quoted-list.ts";
import { ToolkitError } from "../errors.ts";
import { unknownName } from "../unknown-name.ts";
import { defaultLoss, fitsTask } from "./task-losses.ts";
import type { HeadLossChoice, HeadLossName } from "./task-losses.ts";

/** What a user may choose of one of several heads on a backbone. */
export interface HeadChoice {
  /** What it is called in results, and its output in the exported file; the column's name, "numbers" for several columns. */
  readonly name?: string;
  /** A column of labels, or one or more of numbers. */
  readonly target: string | readonly string[];
  /** cross-entropy for labels, bce where photos may have several, mse for numbers. */
  readonly loss?: HeadLossName | HeadLossChoice;
  /** What its loss counts in the sum; 1. */
  readonly weight?: number;
}

/** The same with every default decided. */
export interface HeadSetting {
  readonly name: string;
  readonly task: Task;
  readonly target: readonly string[];
  readonly outputs: number;
  readonly loss: HeadLossChoice;
  readonly weight: number;
}

/** Other outputs of an exported file. */
const RESERVED = new Set(["image", "logits", "probabilities", "features"]);

/** Several columns of numbers that nobody has named. */
const NUMBERS = "numbers";

/**
 * The heads of a run; none where it learns one column of labels in the usual way. Where nobody says which, each column of labels has one, and all numbers
 * have one together. A loss that is chosen for the run is that of the heads that it can be of.
 * @throws E_SETTING
 */
export function settleHeads(
  chosen: { readonly heads?: readonly HeadChoice[]; readonly loss?: HeadLossName | HeadLossChoice },
  data: Learnable,
): readonly HeadSetting[] | undefined {
  const columns = targetColumnsOf(data);
  if (!chosen.heads && columns.every(({ place, task }) => place === 0 && task !== "numbers")) return undefined;
  const choices = chosen.heads ?? defaultHeads(columns);
  if (choices.length === 0) throw refusal("no heads", "expected one or more");
  const shared = chosen.loss === undefined ? undefined : lossOf(chosen.loss);
  const heads = choices.map((choice) => settleHead(choice, columns, shared));
  const fitting = shared && heads.some(({ task }) => fitsTask(shared.name, task));
  if (shared && !fitting) {
    const tasks = [...new Set(heads.map(({ task }) => task))].join(" and ");
    throw refusal(`loss "${shared.name}"`, `it is none of ${tasks}`);
  }
  const all = heads.flatMap(({ target }) => target);
  const again = all.find((name, i) => all.indexOf(name) !== i);
  if (again !== undefined) throw refusal(`two heads for "${again}"`, "expected one for a column");
  const names = heads.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw refusal(`two heads called "${twice}"`, "expected a name of its own for each");
  return heads;
}

function defaultHeads(columns: readonly TargetColumn[]): readonly HeadChoice[] {
  const labels = columns.filter(({ task }) => task !== "numbers").map(({ name }) => ({ name, target: name }));
  const numbers = columns.filter(({ task }) => task === "numbers").map(({ name }) => name);
  const taken = labels.some(({ name }) => name === NUMBERS);
  return [...labels, ...(numbers.length > 0 ? [{ target: numbers, ...(taken ? { name: `${NUMBERS}_1` } : {}) }] : [])];
}

function settleHead(
  { target, name, loss, weight = 1 }: HeadChoice,
  columns: readonly TargetColumn[],
  shared: HeadLossChoice | undefined,
): HeadSetting {
  const targets = [target].flat();
  const found = targets.map((wanted) => columnNamed(wanted, columns));
  const [first] = found;
  if (!first) throw refusal("a head without a target", "expected a column");
  const isNumbers = found.every(({ task }) => task === "numbers");
  if (!isNumbers && found.length > 1) {
    throw refusal(`a head of ${quotedList(targets)}`, "expected one column of labels, or columns of numbers");
  }
  const called = name ?? (isNumbers && found.length > 1 ? NUMBERS : first.name);
  if (RESERVED.has(called)) {
    throw refusal(
      `a head called "${called}"`,
      "an exported file has something else of that name",
      "give it another name",
    );
  }
  if (!(Number.isFinite(weight) && weight >= 0)) throw refusal(`weight ${weight}`, "expected a number of 0 or more");
  const own = loss === undefined ? undefined : lossOf(loss);
  if (own && !fitsTask(own.name, first.task))
    throw refusal(`loss "${own.name}" of "${called}"`, `it is none of ${first.task}`);
  return {
    name: called,
    task: first.task,
    target: targets,
    outputs: isNumbers ? found.length : first.classes.length,
    loss: own ?? (shared && fitsTask(shared.name, first.task) ? shared : { name: defaultLoss(first.task) }),
    weight,
  };
}

function columnNamed(name: string, columns: readonly TargetColumn[]): TargetColumn {
  const column = columns.find((one) => one.name === name);
  const known = columns.map((one) => one.name);
  if (!column) throw unknownName(name, known, `Cannot train a head for "${name}": expected one of`);
  return column;
}

function lossOf(chosen: HeadLossName | HeadLossChoice): HeadLossChoice {
  return typeof chosen === "string" ? { name: chosen } : chosen;
}

function refusal(what: string, why: string, hint?: string): ToolkitError {
  const options = hint === undefined ? {} : { hint };
  return new ToolkitError("E_SETTING", `Cannot train with ${what}: ${why}`, options);
}
