import { ToolkitError } from "../errors.ts";
import { GraphBuilder } from "../graph/builder.ts";
import { valueNamed } from "../graph/ir.ts";
import type { Dim, Graph, Value } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { formatShape } from "../graph/shape.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { cut } from "./cut.ts";
import { findHead } from "./find-head.ts";

export interface MergeTeacherOptions {
  /** Name of the student's logits, whose classes the teacher must have. */
  readonly logits: string;
  /** Name of the teacher's logits; its head's where absent. */
  readonly teacherLogits?: string;
  /** Put before every name of the teacher's; "teacher." where absent. */
  readonly prefix?: string;
}

/**
 * Writes a teacher beside a student, for distillation: both are normalised graphs and read the same images, so they were trained on the same
 * normalisation of them. The teacher keeps its inference form, its constants are copied under `prefix` and are none of the student's parameters,
 * and its logits become a further output, `prefix` + "logits". Merge last: passes that bring networks into their training form would bring the teacher too.
 * @throws E_SHAPE where inputs or classes do not match, E_NO_VALUE, E_NO_HEAD where the teacher's logits are not found
 */
export function mergeTeacher(
  student: Graph,
  teacher: Graph,
  { logits, teacherLogits, prefix = "teacher." }: MergeTeacherOptions,
  operators: Operators = standardOperators,
): { readonly graph: Graph; readonly logits: Value } {
  const end = teacherLogits === undefined ? findHead(teacher).logits : valueNamed(teacher, teacherLogits);
  const kept = cut(teacher, { outputs: [end.name] });
  const b = new GraphBuilder(operators, student);
  const values = new Map<string, Value | undefined>();
  for (const [i, input] of kept.inputs.entries()) values.set(input.name, sameInput(student, input, i));
  for (const [name, t] of kept.constants) values.set(name, b.constant(t, prefix + name));
  for (const node of kept.nodes) {
    const inputs = node.inputs.map((v) => v && values.get(v.name));
    // without a mask it does nothing, and a pass that gives masks to the student's must not find it
    const isDropout = node.op === "Dropout" && !node.domain;
    const outputs = isDropout
      ? inputs
      : b.ops(node.op, inputs, node.attrs, {
          ...(node.domain === undefined ? {} : { domain: node.domain }),
          ...(node.name === undefined ? {} : { name: prefix + node.name }),
          outputs: node.outputs.map((v) => prefix + v.name),
        });
    for (const [i, v] of node.outputs.entries()) values.set(v.name, outputs[i]);
  }
  const known = values.get(end.name) ?? end;
  expectSameClasses(valueNamed(student, logits), known);
  const name = `${prefix}logits`;
  const output = known.name === name ? known : b.op("Identity", [known], {}, { outputs: [name] });
  return { graph: b.build([...student.outputs, output]), logits: output };
}

/** The student's input that stands for the teacher's `i`-th. */
function sameInput(student: Graph, { name, dtype, shape }: Value, i: number): Value {
  const input = student.inputs[i];
  const takes = `the teacher's input "${name}" is ${dtype} ${formatShape(shape)}`;
  if (!input) {
    throw new ToolkitError(
      "E_SHAPE",
      `Cannot merge the teacher: ${takes}, and the student has only ${student.inputs.length} inputs`,
    );
  }
  const fits =
    dtype === input.dtype && shape.length === input.shape.length && shape.every((d, k) => takesAll(d, input.shape[k]));
  if (fits) return input;
  throw new ToolkitError(
    "E_SHAPE",
    `Cannot merge the teacher: ${takes}, the student's "${input.name}" ${input.dtype} ${formatShape(input.shape)}`,
    { hint: "both networks read the same images: take a teacher that was exported for any size, or for the student's" },
  );
}

/** Whether an extent of the teacher's takes every one that the student's stands for. */
function takesAll(teacher: Dim, student: Dim | undefined): boolean {
  return typeof teacher === "string" || teacher === student;
}

function expectSameClasses(student: Value, teacher: Value): void {
  const [classes] = student.shape.slice(1);
  if (typeof classes === "number" && student.shape.length === teacher.shape.length && teacher.shape[1] === classes)
    return;
  throw new ToolkitError(
    "E_SHAPE",
    `Cannot merge the teacher: its logits are ${formatShape(teacher.shape)}, the student's ${formatShape(student.shape)}`,
    { hint: "distillation compares the classes one by one: take a teacher that was trained on the student's" },
  );
}
