import { withoutGradient } from "../autodiff/differentiate.ts";
import { errorCode, errorMessage } from "../errors.ts";
import { naturalSize } from "../export/source-model.ts";
import type { Graph, Node } from "../graph/ir.ts";
import { describeNode } from "../onnx/describe-node.ts";
import { cut } from "../passes/cut.ts";
import { unsupportedOperators } from "../passes/normalise.ts";
import { parametersOf } from "../passes/parameters.ts";
import { batchNormPolicy, restorable } from "../passes/restore-batch-norm.ts";
import { inspectModel } from "../report/inspect.ts";
import type { Inspection } from "../report/inspect.ts";
import { checked } from "./diagnosis.ts";
import type { DiagnoseOptions, ModelCheck } from "./diagnosis.ts";
import type { Student } from "./student.ts";

/** Sides in pixels that are tried in turn: the smaller, the quicker. */
const SIZES_PX = [64, 96, 128, 224];
/** Training takes no smaller pictures. */
const LEAST_PX = 16;
/** Nodes that are named in one line. */
const NAMED = 4;

/** Whether the file can be read: its dialect, its input, and operators that are not supported. */
export function lookAtFile(options: DiagnoseOptions): { check: ModelCheck; inspection?: Inspection } {
  const { model } = options.source;
  const opset = model.opsets.get("") ?? 0;
  const unsupported = unsupportedOperators(model, options.source);
  if (unsupported.length > 0) {
    const check = checked("file", "failed", `opset ${opset}; not supported: ${namesOf(unsupported)}`, {
      hint: "export the model for standard operators, or hand in your own operators through the API (README.md, Your own operators)",
      opset,
      unsupported: unsupported.map(describeNode),
    });
    return { check };
  }
  const sizes = options.sizePx === undefined ? [...SIZES_PX, naturalSize(options.source)] : [options.sizePx];
  let misfit: unknown;
  for (const sizePx of sizes) {
    try {
      return described(inspectModel(model, inspectOptions(options, sizePx)), model.producer);
    } catch (error) {
      if (errorCode(error) === undefined) throw error;
      misfit = error;
      if (errorCode(error) !== "E_SHAPE") break;
    }
  }
  const hint = "the file is damaged, or takes no picture of such a size: see onnx-graft inspect, and try --size";
  return { check: checked("file", "failed", errorMessage(misfit), { hint, opset }) };
}

function inspectOptions(
  { source, head, features }: DiagnoseOptions,
  sizePx: number,
): Parameters<typeof inspectModel>[1] {
  return {
    sizePx,
    ...(source.operators ? { operators: source.operators } : {}),
    ...(source.rewrites ? { rewrites: source.rewrites } : {}),
    ...(head === undefined ? {} : { head }),
    ...(features === undefined ? {} : { feature: features }),
  };
}

function described(inspection: Inspection, producer?: string): { check: ModelCheck; inspection?: Inspection } {
  const { opset, inputs, totals, sizePx, sizeDependence } = inspection;
  const input = inputs.map((v) => `${v.name} [${v.shape.join(",")}]`).join(", ");
  const facts = {
    opset,
    producer,
    inputs,
    sizePx,
    sizeDependence,
    nodes: totals.layers,
    parameters: totals.parameters,
  };
  const written = producer === undefined ? "" : ` written by ${producer}`;
  const detail = `opset ${opset}${written}, ${totals.layers} nodes, ${totals.parameters.toLocaleString("en")} parameters; input ${input}; looked at with ${sizePx} px`;
  if (sizeDependence === null) return { check: checked("file", "ok", detail, facts), inspection };
  const only = `${detail}, the only size it takes: ${sizeDependence}`;
  if (sizePx !== null && sizePx < LEAST_PX) {
    const hint = `export the model for pictures of ${LEAST_PX} px or more`;
    return { check: checked("file", "failed", `${only}; training takes ${LEAST_PX} px or more`, { hint, ...facts }) };
  }
  return { check: checked("file", "ok", only, facts), inspection };
}

/** Whether the layer that a new head replaces is found. */
export function lookAtHead({ head, noHead }: Inspection): ModelCheck {
  if (!head) {
    const hint =
      "name the last layer with --head NODE, or the value before it with --features VALUE: see onnx-graft inspect";
    return checked("head", "failed", noHead ?? "no head was found", { hint });
  }
  const classes = head.classes === null ? "unknown classes" : `${head.classes} classes`;
  const nodes = head.nodes.join(" + ") || "no node";
  return checked("head", "ok", `${nodes}, ${classes}; features "${head.feature}" [N,${head.features}]`, { head });
}

/** Which part of the network a gradient reaches. */
export function lookAtOperators(student: Student): { check: ModelCheck; trains: "network" | "head" | "nothing" } {
  const { graph, features, logits } = student;
  const missing = missingIn(graph, student);
  if (missing.length === 0)
    return {
      check: checked("operators", "ok", "every layer can be trained", { withoutGradient: [] }),
      trains: "network",
    };
  const inHead = missingIn(cut(graph, { inputs: [features], outputs: [logits] }), student).length > 0;
  const detail = `no gradient rule for ${namesOf(missing)}`;
  const facts = { withoutGradient: missing.map(describeNode) };
  const own = "hand in a rule of your own through the API (README.md, Your own operators)";
  const hint = inHead ? own : `train the head alone with --mode frozen, or ${own}; the checks below are of the head`;
  return { check: checked("operators", "failed", detail, { hint, ...facts }), trains: inHead ? "nothing" : "head" };
}

function missingIn(graph: Graph, { operators }: Student): readonly Node[] {
  const [output] = graph.outputs;
  return output ? withoutGradient(graph, output, parametersOf(graph, operators), operators) : [];
}

/** What training every layer does with BatchNorm. */
export function lookAtBatchNorm(graph: Graph): ModelCheck {
  const policy = batchNormPolicy(graph);
  const count =
    policy === "folded" ? restorable(graph).length : graph.nodes.filter((n) => n.op === "BatchNormalization").length;
  const facts = { policy, count };
  if (policy === "none") return checked("BatchNorm", "ok", "none: nothing to decide", facts);
  const use = "training every layer uses the statistics of each batch from --batch 16 on, and the stored ones below";
  const detail =
    policy === "folded"
      ? `folded into ${count} convolutions: restored with the statistics of your photos before every layer is trained; ${use}`
      : `${count} nodes; ${use}`;
  const hint =
    policy === "folded" ? "leave --batch-norm at auto: with keep, training diverges at the usual rates" : undefined;
  return checked("BatchNorm", "ok", detail, { hint, ...facts });
}

function namesOf(nodes: readonly Node[]): string {
  const names = nodes.slice(0, NAMED).map(describeNode).join(", ");
  return nodes.length > NAMED ? `${names} and ${nodes.length - NAMED} more` : names;
}
