import { ToolkitError } from "../errors.ts";
import { normalisationOf, trunk } from "../export/source-model.ts";
import type { SourceModel } from "../export/source-model.ts";
import type { Graph } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { isPartial } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** A network from pictures to logits, and the table that its operators stand in. */
export interface Teacher {
  readonly graph: Graph;
  readonly operators: Operators;
}

/**
 * The teacher that a student's classes are compared with one by one, from pictures to logits.
 * @throws E_SETTING where it was trained on other classes or on pictures normalised in another way, or no stage would hear it
 */
export function teacherOf(
  teacher: SourceModel,
  student: SourceModel,
  classes: readonly string[],
  settings: Settings,
): Teacher {
  const refuse = (why: string, hint: string): never => {
    throw new ToolkitError("E_SETTING", `Cannot learn from the teacher ${teacher.name}: ${why}`, { hint });
  };
  if (settings.mode === "frozen") {
    refuse("mode frozen trains the head on cached features, without the pictures", "use --mode staged or full");
  }
  if (isPartial(settings)) {
    refuse("a part of the network is trained on cached activations, without the pictures", "train every layer");
  }
  const { graph, metadata } = trunk(teacher);
  const labels = teacher.labels ?? metadata?.labels;
  if (labels && labels.join("\n") !== classes.join("\n")) {
    refuse(
      `its classes are ${listed(labels)}, the photos' ${listed(classes)}`,
      "a teacher is a network that was fine-tuned on the same classes",
    );
  }
  const [theirs, ours] = [normalisationOf(teacher), normalisationOf(student)];
  if (JSON.stringify(theirs) !== JSON.stringify(ours)) {
    refuse(
      `it wants mean ${theirs.mean.join()} and std ${theirs.std.join()}, the student ${ours.mean.join()} and ${ours.std.join()}`,
      "both read the same pictures: take a teacher that was trained from the same kind of network",
    );
  }
  return { graph, operators: teacher.operators ?? standardOperators };
}

/** Enough names to tell which classes are meant. */
const SHOWN = 5;

function listed(names: readonly string[]): string {
  return `${names.slice(0, SHOWN).join(", ")}${names.length > SHOWN ? `, ... (${names.length})` : ""}`;
}
