import { z } from "zod";
import { ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";

/** How a picture becomes the network's input. Sizes in pixels; mean and std of channel values in 0..1, red first. */
export interface Preprocessing {
  /** Side of the square the network sees. */
  readonly sizePx: number;
  /** Length the shorter side is resized to before the centre is cropped. */
  readonly resizePx: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

export interface TrainingSummary {
  readonly mode: string;
  readonly epochs: number;
  readonly seed: number;
  readonly trainImages: number;
  readonly validationImages: number;
  /** Absent where there are no labels. */
  readonly top1?: number | undefined;
  readonly loss: number;
}

/** One head of a network that has several, or one of numbers: its output is called as it is. */
export interface HeadMetadata {
  readonly name: string;
  /** classes: probabilities that sum up to 1; labels: one for each by itself; numbers: in their own units. */
  readonly task: "classes" | "labels" | "numbers";
  /** Classes, or columns of numbers: one for each output. */
  readonly names: readonly string[];
  /** The column of a table that the classes stood in. */
  readonly column?: string | undefined;
  readonly thresholds?: readonly number[] | undefined;
  /** Of numbers: mean and deviation of the training photos, for each column. */
  readonly standard?: readonly { readonly mean: number; readonly deviation: number }[] | undefined;
  /** What its loss counted in the sum. */
  readonly weight: number;
}

/** Everything a model file says about itself. */
export interface ModelMetadata {
  readonly version: 1;
  readonly toolkit: string;
  /** Those of the first head that has any; none where only numbers are learnt. */
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Name of the float value [N,3,H,W] that the preprocessing nodes make: where more training cuts the graph open. */
  readonly trainingInput: string;
  /** softmax: one label a picture; sigmoid: any number of them; none: no labels. */
  readonly activation: "softmax" | "sigmoid" | "none";
  /** What logits are divided by before the activation. */
  readonly temperature: number;
  /** Weight from which a label counts, per label; absent where none was chosen. */
  readonly thresholds?: readonly number[] | undefined;
  /** Where there are several heads, or one of numbers. */
  readonly heads?: readonly HeadMetadata[] | undefined;
  readonly rulesVersion: number;
  readonly training?: TrainingSummary | undefined;
  readonly baseModel?:
    | { readonly name: string; readonly sha256: string; readonly licence?: string | undefined }
    | undefined;
}

const preprocessingSchema: z.ZodType<Preprocessing> = z.strictObject({
  sizePx: z.int().min(1).max(4096),
  resizePx: z.int().min(1).max(8192),
  mean: z.array(z.number()).length(3),
  std: z.array(z.number().positive()).length(3),
});

const trainingSchema: z.ZodType<TrainingSummary> = z.object({
  mode: z.string(),
  epochs: z.number(),
  seed: z.number(),
  trainImages: z.number(),
  validationImages: z.number(),
  top1: z.number().optional(),
  loss: z.number(),
});

const headSchema: z.ZodType<HeadMetadata> = z.strictObject({
  name: z.string().min(1),
  task: z.enum(["classes", "labels", "numbers"]),
  names: z.array(z.string()).min(1),
  column: z.string().optional(),
  thresholds: z.array(z.number()).optional(),
  standard: z.array(z.strictObject({ mean: z.number(), deviation: z.number().positive() })).optional(),
  weight: z.number(),
});

const metadataSchema: z.ZodType<ModelMetadata> = z
  .strictObject({
    version: z.literal(1),
    toolkit: z.string(),
    labels: z.array(z.string()),
    preprocessing: preprocessingSchema,
    trainingInput: z.string(),
    activation: z.enum(["softmax", "sigmoid", "none"]),
    temperature: z.number().positive(),
    thresholds: z.array(z.number()).optional(),
    heads: z.array(headSchema).min(1).optional(),
    rulesVersion: z.int(),
    training: trainingSchema.optional(),
    baseModel: z.strictObject({ name: z.string(), sha256: z.string(), licence: z.string().optional() }).optional(),
  })
  .refine(({ labels, heads }) => labels.length > 0 || heads !== undefined, "there are neither labels nor heads");

const KEY = "onnx_graft";

/** The entries of `metadata_props`: the whole as one JSON document, and the labels once more in plain form for other readers. */
export function writeMetadata(metadata: ModelMetadata): ReadonlyMap<string, string> {
  return new Map([
    [KEY, JSON.stringify(metadata)],
    ["labels", JSON.stringify(metadata.labels)],
  ]);
}

/**
 * What a file of ours says about itself; undefined for a file that is not ours.
 * @throws E_MODEL_METADATA where it is ours and cannot be honoured
 */
export function readMetadata(model: Model, name = "the model"): ModelMetadata | undefined {
  const text = model.metadata.get(KEY);
  if (text === undefined) return undefined;
  const refuse = (why: string): never => {
    throw new ToolkitError("E_MODEL_METADATA", `Cannot use the metadata of ${name}: ${why}`, {
      hint: "the file was written by another version of the toolkit, or was changed",
    });
  };
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse("it is not JSON");
  }
  const parsed = metadataSchema.safeParse(json);
  return parsed.success ? parsed.data : refuse(z.prettifyError(parsed.error).replaceAll("\n", " "));
}
