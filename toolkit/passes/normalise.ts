import { errorCode, ToolkitError } from "../errors.ts";
import { checkGraph } from "../graph/check.ts";
import { GRADIENT_DOMAIN } from "../graph/ir.ts";
import type { Graph, Model, Node } from "../graph/ir.ts";
import { describeNode } from "../onnx/describe-node.ts";
import type { Operators } from "../graph/operator.ts";
import { asSingle } from "../operators/evaluate.ts";
import { operators as standardOperators } from "../operators/index.ts";
import { foldConstants } from "./fold-constants.ts";
import { attention } from "./normalise/attention.ts";
import { attributesToInputs } from "./normalise/attributes-to-inputs.ts";
import { decompositions } from "./normalise/decompositions.ts";
import { expansions } from "./normalise/expansions.ts";
import { flatViews } from "./normalise/flat-views.ts";
import { gemmHeads } from "./normalise/gemm-heads.ts";
import { declaredBatch, declaredSize, imageInput, misfit, relaxInputs } from "./normalise/image-input.ts";
import { inferenceForm } from "./normalise/inference-form.ts";
import { pads } from "./normalise/pad.ts";
import { reductions } from "./normalise/reductions.ts";
import { resizes } from "./normalise/resize.ts";
import type { Rewrites } from "./normalise/rewrite.ts";
import { withoutSequences } from "./normalise/sequences.ts";
import { softmaxes } from "./normalise/softmax.ts";
import { windows } from "./normalise/windows.ts";
import { withoutInt8 } from "./normalise/without-int8.ts";
import { isKnown, walk } from "./normalise/walk.ts";
import type { Walked, WalkOptions } from "./normalise/walk.ts";
import { prune } from "./prune.ts";

export type { Rewrite, Rewrites, Rewriting } from "./normalise/rewrite.ts";
export { declaredSize, imageInput } from "./normalise/image-input.ts";

/** The version of the standard operators that everything behind `normalise` is written for, and so of every file written. */
export const OPSET = 17;

/** How operators are read that are written in another way behind `normalise`, by their keys. */
export const standardRewrites: Rewrites = {
  ...attention,
  ...attributesToInputs,
  ...decompositions,
  ...expansions,
  ...flatViews,
  ...inferenceForm,
  ...pads,
  ...reductions,
  ...resizes,
  ...softmaxes,
  ...windows,
};

export interface NormaliseOptions {
  /**
   * Constants of the file that stay as they are, under their names and in their shapes: nothing that is computed from them is folded.
   * One that a file shares through Identity is one constant then, unless the Identity's output is named here too.
   */
  readonly keep?: Iterable<string>;
  /** The table with the user's own operators in it; nodes of theirs stay as they are. */
  readonly operators?: Operators;
  /** How operators are written that no table has, by domain and type ("my.domain.Swish"). */
  readonly rewrites?: Rewrites;
}

/**
 * Brings a model of opset 7 to 23 into the one dialect that all else is written for: opset 17 in inference form, float32, every value with its type,
 * batch "N" and picture extents "H" and "W" where the network allows it. Constants keep their names and orientation.
 * @throws E_MODEL_OP naming the first operator that is not supported, E_SHAPE where the graph does not fit its declared input
 */
export function normalise(file: Model, options: NormaliseOptions = {}): Model {
  const { operators = standardOperators } = options;
  const rewrites = { ...standardRewrites, ...options.rewrites };
  const model = withoutSequences(withoutInt8(file));
  checkOperators(model, options);
  const kept = new Set(options.keep);
  const constants = new Map([...model.graph.constants].map(([name, t]) => [name, asSingle(t)]));
  const given = { constants, rewrites, kept, operators };
  const written = relaxSize(model, given, relaxBatch(model, given));
  // only what `walk` left for gemmHeads: weights that a decomposition reshapes stay parameters
  const folds = (node: Node): boolean => node.op === "Transpose" && !kept.has(node.inputs[0]?.name ?? "");
  const graph = checkGraph(foldConstants(gemmHeads(prune(written.graph)), folds));
  return {
    graph,
    opsets: new Map([...[...model.opsets].filter(([d]) => isUsed(d, graph)), ["", OPSET]]),
    metadata: model.metadata,
  };
}

/**
 * Why a normalised graph works at its declared picture size only, in words that name the node; undefined where it takes any size.
 * A classifier that flattens a map of many pixels is such a graph.
 */
export function sizeDependence(graph: Graph, operators: Operators = standardOperators): string | undefined {
  const image = imageInput(graph);
  const size = image?.value.shape[image.height];
  return typeof size === "number" ? otherSizeMisfit(graph, size, operators) : undefined;
}

type Given = Pick<WalkOptions, "constants" | "rewrites" | "kept" | "operators">;

interface Relaxed extends Walked {
  readonly batch: number | undefined;
  readonly sequenceFirst?: boolean;
}

/** The graph for any number of pictures, or for the declared number where something depends on it. */
function relaxBatch(model: Model, given: Given): Relaxed {
  const batch = declaredBatch(model.graph);
  const literal = (): Relaxed => {
    const inputs = relaxInputs(model.graph, { batch: false, size: false });
    return { ...walk(model, { ...given, inputs, batch: undefined }), batch: undefined };
  };
  if (batch === undefined) return literal();
  const inputs = relaxInputs(model.graph, { batch: true, size: false });
  for (const sequenceFirst of [false, true]) {
    const any = attempt(() => walk(model, { ...given, inputs, batch, sequenceFirst }));
    const fits =
      any?.graph.outputs.every((v) => v.shape[0] === "N") &&
      misfit(any.graph, { batch: 3 }, given.operators) === undefined;
    if (any && fits) return { ...any, batch, sequenceFirst };
  }
  return literal();
}

/** The same for any picture size, where the network pools globally. */
function relaxSize(model: Model, given: Given, declared: Relaxed): Walked {
  const size = declaredSize(model);
  if (size === undefined) return declared;
  const { batch, sequenceFirst = false, shapes } = declared;
  const inputs = relaxInputs(model.graph, { batch: batch !== undefined, size: true });
  const any = attempt(() => walk(model, { ...given, inputs, batch, sequenceFirst, declared: shapes }));
  const sameBatch = any?.graph.outputs.every((v, i) => v.shape[0] === declared.graph.outputs[i]?.shape[0]);
  return any && sameBatch && otherSizeMisfit(any.graph, size, given.operators) === undefined ? any : declared;
}

/** Two other sizes, one of them no multiple of the declared one. */
function otherSizeMisfit(graph: Graph, size: number, operators: Operators): string | undefined {
  return (
    misfit(graph, { batch: 2, size: size + 32 }, operators) ?? misfit(graph, { batch: 2, size: 2 * size }, operators)
  );
}

/** Whether a domain's version still says something about a graph. */
function isUsed(domain: string, graph: Graph): boolean {
  return domain === GRADIENT_DOMAIN || graph.nodes.some((node) => node.domain === domain);
}

function attempt<T>(f: () => T): T | undefined {
  try {
    return f();
  } catch (error) {
    // a node that does not fit symbolic extents: the literal form says whether the file itself is wrong
    if (errorCode(error) === "E_SHAPE" || errorCode(error) === "E_MODEL_OP") return undefined;
    throw error;
  }
}

/** The nodes of a model as its file has it whose operators are not supported. */
export function unsupportedOperators(model: Model, options: NormaliseOptions = {}): readonly Node[] {
  const { operators = standardOperators } = options;
  const rewrites = { ...standardRewrites, ...options.rewrites };
  return withoutSequences(withoutInt8(model)).graph.nodes.filter((node) => !isKnown(node, rewrites, operators));
}

function checkOperators(model: Model, options: NormaliseOptions): void {
  const unknown = unsupportedOperators(model, options);
  const [first] = unknown;
  if (!first) return;
  const kinds = new Set(unknown.map((node) => `${node.domain ?? ""}.${node.op}`));
  const more = kinds.size > 1 ? `, nor ${kinds.size - 1} other operator${kinds.size > 2 ? "s" : ""} of this model` : "";
  throw new ToolkitError(
    "E_MODEL_OP",
    `Cannot read ${describeNode(first)} of opset ${model.opsets.get(first.domain ?? "") ?? "?"}: it is not supported${more}`,
    {
      hint: first.domain
        ? "export the model for standard operators, or hand in your own operator or rewrite: see README.md"
        : "toolkit/operators has one file for each supported operator; CONTRIBUTING.md says how to add one",
    },
  );
}
