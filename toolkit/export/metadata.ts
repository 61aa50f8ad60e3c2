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
  readonly top1: number;
  readonly loss: number;
}

/** Everything a model file says about itself. */
export interface ModelMetadata {
  readonly version: 1;
  readonly toolkit: string;
  readonly labels: readonly string[];
  readonly preprocessing: Preprocessing;
  /** Name of the float value [N,3,H,W] that the preprocessing nodes make: where more training cuts the graph open. */
  readonly trainingInput: string;
  /** softmax: one label a picture; sigmoid: any number of them. */
  readonly activation: "softmax" | "sigmoid";
  /** What logits are divided by before the activation. */
  readonly temperature: number;
  /** Weight from which a label counts, per label; absent where none was chosen. */
  readonly thresholds?: readonly number[] | undefined;
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
  top1: z.number(),
  loss: z.number(),
});

const metadataSchema: z.ZodType<ModelMetadata> = z.strictObject({
  version: z.literal(1),
  toolkit: z.string(),
  labels: z.array(z.string()).min(1),
  preprocessing: preprocessingSchema,
  trainingInput: z.string(),
  activation: z.enum(["softmax", "sigmoid"]),
  temperature: z.number().positive(),
  thresholds: z.array(z.number()).optional(),
  rulesVersion: z.int(),
  training: trainingSchema.optional(),
  baseModel: z.strictObject({ name: z.string(), sha256: z.string(), licence: z.string().optional() }).optional(),
});

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
