import { ToolkitError } from "../errors.ts";
import type { Graph, Model } from "../graph/ir.ts";
import type { Operators } from "../graph/operator.ts";
import { imagenetNormalisation } from "../images/to-input.ts";
import type { Normalisation } from "../images/to-input.ts";
import { cut } from "../passes/cut.ts";
import { declaredSize, normalise } from "../passes/normalise.ts";
import type { Rewrites } from "../passes/normalise.ts";
import { prune } from "../passes/prune.ts";
import { readMetadata } from "./metadata.ts";
import type { ModelMetadata } from "./metadata.ts";

/** A model to start from, and what is known about it beside its graph. */
export interface SourceModel {
  readonly model: Model;
  readonly name: string;
  /** The path it was read from, where its name does not say what to open again. */
  readonly file?: string;
  /** Of its file, in hexadecimal. */
  readonly sha256: string;
  readonly licence?: string;
  /** The statistics its inputs were normalised with, in units of 0..1, red first. */
  readonly mean?: readonly number[];
  readonly std?: readonly number[];
  /** Side of the pictures it does best at. */
  readonly sizePx?: number;
  /** Class names of its own head. */
  readonly labels?: readonly string[];
  /** The standard operators with the user's own, where the model has such. */
  readonly operators?: Operators;
  /** How operators of the model are written that no table has. */
  readonly rewrites?: Rewrites;
}

/** What a source computes from a normalised picture to its logits, in the one dialect. */
export interface Trunk {
  /** One image input [N,3,H,W], one output: the logits. */
  readonly graph: Graph;
  /** What the file says about itself, where it is an export of ours. */
  readonly metadata: ModelMetadata | undefined;
}

/**
 * The graph a source holds; the preprocessing of our own exports is cut off.
 * @throws E_GRAPH where the graph has no output, and as `normalise`
 */
export function trunk(source: SourceModel): Trunk {
  const metadata = readMetadata(source.model, source.name);
  const { graph } = normalise(source.model, source);
  if (metadata) return { graph: cut(graph, { inputs: [metadata.trainingInput], outputs: ["logits"] }), metadata };
  const [output] = graph.outputs;
  if (!output) throw new ToolkitError("E_GRAPH", `Cannot use ${source.name}: its graph has no output`);
  return { graph: prune({ ...graph, outputs: [output] }), metadata };
}

/** The size to run at when none is chosen, in pixels: the source's, its file's own, or 224. */
export function naturalSize(source: SourceModel): number {
  return (
    source.sizePx ?? readMetadata(source.model, source.name)?.preprocessing.sizePx ?? declaredSize(source.model) ?? 224
  );
}

/** How pictures are normalised for a source: as stated, as its file says, or as ImageNet's networks want it. */
export function normalisationOf(source: SourceModel): Normalisation {
  const own = readMetadata(source.model, source.name)?.preprocessing;
  return {
    mean: source.mean ?? own?.mean ?? imagenetNormalisation.mean,
    std: source.std ?? own?.std ?? imagenetNormalisation.std,
  };
}
