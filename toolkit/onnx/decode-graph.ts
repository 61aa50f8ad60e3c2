import { ToolkitError } from "../errors.ts";
import type { Attributes, Graph, Node, Value } from "../graph/ir.ts";
import { constantValue, GRADIENT_DOMAIN, UNKNOWN_TYPE } from "../graph/ir.ts";
import type { TensorData } from "../graph/tensor.ts";
import { decodeAttribute } from "./decode-attribute.ts";
import { countNonfinite, decodeTensor, type TensorSource } from "./decode-tensor.ts";
import { decodeType, type StatedType } from "./decode-type.ts";
import { describeNode } from "./describe-node.ts";
import type { onnx } from "./schema.js";
import { sortNodes } from "./sort-nodes.ts";

export interface GraphSource extends TensorSource {
  /** Names the file in errors. */
  readonly file: string;
  readonly allowNonfinite: boolean;
  /** "domain.name" of the functions that the file defines itself. */
  readonly functions: ReadonlySet<string>;
}

/**
 * A file's graph. Inputs that are initializers too (IR version 3 wanted that) are constants only.
 * @throws E_MODEL_INVALID, E_MODEL_SHAPE, E_MODEL_NONFINITE, E_MODEL_EXTERNAL, E_MODEL_OP, E_MODEL_CYCLE
 */
export function decodeGraph(proto: onnx.GraphProto.$Properties, source: GraphSource): Graph {
  const { file } = source;
  if (proto.sparse_initializer?.length) invalid(file, "it has sparse initializers, which are not supported");
  const constants = decodeConstants(proto, source);
  const values = new Map<string, Value>();
  for (const [name, t] of constants) values.set(name, constantValue(name, t));

  const inputs = (proto.input ?? []).filter((v) => !constants.has(v.name ?? "")).map((v) => decodeInput(v, file));
  for (const v of inputs) define(values, v, `input "${v.name}"`, file);

  const stated = statedTypes(proto, file);
  const names = new Set([...values.keys(), ...(proto.node ?? []).flatMap((n) => n.output ?? [])]);
  const drafts = (proto.node ?? []).map((n) => draftNode(n, stated, names, source));
  for (const draft of drafts) for (const v of draft.outputs) define(values, v, describeNode(draft), file);
  const given = new Set([...constants.keys(), ...inputs.map((v) => v.name)]);
  const nodes = drafts.map((draft) => connect(draft, values, file));
  const outputs = (proto.output ?? []).map(
    (v) => values.get(v.name ?? "") ?? invalid(file, `nothing makes its output "${v.name ?? ""}"`),
  );
  if (outputs.length === 0) invalid(file, "its graph has no outputs");
  return { inputs, outputs, constants, nodes: sortNodes(nodes, given, file) };
}

function decodeConstants(proto: onnx.GraphProto.$Properties, source: GraphSource): ReadonlyMap<string, TensorData> {
  const constants = new Map<string, TensorData>();
  for (const initializer of proto.initializer ?? []) {
    const name = initializer.name ?? "";
    if (name === "" || constants.has(name))
      invalid(source.file, `two initializers are called "${name}", or it has no name`);
    const t = decodeTensor(initializer, `${source.file}: initializer "${name}"`, source);
    if (!source.allowNonfinite) checkFinite(t, name, source.file);
    constants.set(name, t);
  }
  return constants;
}

function checkFinite(t: TensorData, name: string, file: string): void {
  const { nan, inf } = countNonfinite(t);
  if (nan + inf === 0) return;
  throw new ToolkitError(
    "E_MODEL_NONFINITE",
    `Cannot read ${file}: initializer "${name}" has ${nan} NaN and ${inf} Inf of ${t.data.length} values`,
    { hint: "the training that made it diverged, or the file is damaged; allowNonfinite reads it all the same" },
  );
}

function decodeInput(proto: onnx.ValueInfoProto.$Properties, file: string): Value {
  const name = proto.name ?? "";
  const { type, hasShape } = decodeType(proto, `${file}: input "${name}"`);
  if (name === "" || !hasShape) invalid(file, `its input "${name}" has no name or states no shape`);
  return { name, ...type };
}

function statedTypes(proto: onnx.GraphProto.$Properties, file: string): ReadonlyMap<string, StatedType> {
  const all = [...(proto.value_info ?? []), ...(proto.output ?? [])];
  return new Map(all.map((v) => [v.name ?? "", decodeType(v, `${file}: value "${v.name ?? ""}"`)]));
}

interface Draft extends Omit<Node, "inputs"> {
  readonly inputNames: readonly string[];
}

/** A node whose inputs are still names. `names` are those in use, and grows by the ones made up here. */
function draftNode(
  proto: onnx.NodeProto.$Properties,
  stated: ReadonlyMap<string, StatedType>,
  names: Set<string>,
  source: GraphSource,
): Draft {
  const op = proto.op_type ?? "";
  const domain = standardDomain(proto.domain ?? "");
  const named = { op, ...(domain === "" ? {} : { domain }), ...(proto.name ? { name: proto.name } : {}) };
  // an output in the middle that is not wanted has an empty name
  const outputs = withoutTrailing(proto.output ?? []).map((name) =>
    statedValue(name || freshName(`${proto.name || op}_unused`, names), stated),
  );
  const label = describeNode({ ...named, outputs });
  if (op === "" || outputs.length === 0) invalid(source.file, `the node ${label} has no operator or no output`);
  if (domain === GRADIENT_DOMAIN || source.functions.has(`${domain}.${op}`)) {
    const what =
      domain === GRADIENT_DOMAIN
        ? "a gradient operator, which no file holds"
        : "a function that the file defines itself";
    throw new ToolkitError("E_MODEL_OP", `Cannot read ${source.file}: ${label} is ${what}`, {
      hint: "inline functions with onnx.inliner.inline_local_functions in Python, or export the model again",
    });
  }
  return {
    ...named,
    outputs,
    attrs: decodeAttributes(proto, label, source),
    inputNames: withoutTrailing(proto.input ?? []),
  };
}

function connect({ inputNames, ...draft }: Draft, values: ReadonlyMap<string, Value>, file: string): Node {
  const inputs = inputNames.map((name) => {
    if (name === "") return undefined;
    return values.get(name) ?? invalid(file, `${describeNode(draft)} reads "${name}", which nothing makes`);
  });
  return { ...draft, inputs };
}

function statedValue(name: string, stated: ReadonlyMap<string, StatedType>): Value {
  return { name, ...(stated.get(name)?.type ?? UNKNOWN_TYPE) };
}

function decodeAttributes(proto: onnx.NodeProto.$Properties, label: string, source: GraphSource): Attributes {
  const list = proto.attribute ?? [];
  const attrs = Object.fromEntries(list.map((a) => [a.name ?? "", decodeAttribute(a, source.file, label, source)]));
  if (Object.keys(attrs).length < list.length) invalid(source.file, `${label} has an attribute twice`);
  return attrs;
}

/** Both spellings of the standard domain are "". */
export function standardDomain(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

function withoutTrailing(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== "") + 1);
}

function freshName(prefix: string, names: Set<string>): string {
  let count = 0;
  while (names.has(`${prefix}_${count}`)) count += 1;
  names.add(`${prefix}_${count}`);
  return `${prefix}_${count}`;
}

function define(values: Map<string, Value>, v: Value, maker: string, file: string): void {
  if (values.has(v.name)) invalid(file, `"${v.name}" is made twice, the second time by ${maker}`);
  values.set(v.name, v);
}

function invalid(file: string, what: string): never {
  throw new ToolkitError("E_MODEL_INVALID", `Cannot read ${file}: ${what}`);
}
