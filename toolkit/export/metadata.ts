import { z } from "zod";
import { ToolkitError } from "../errors.ts";
import type { Model } from "../graph/ir.ts";

/** How a picture becomes the network's input. Sizes in pixels; mean and std of channel values in 0..1. */
const preprocessingSchema = z.strictObject({
  /** Side of the square the network sees. */
  sizePx: z.int().min(1).max(4096),
  /** Length the shorter side is resized to before the centre is cropped. */
  resizePx: z.int().min(1).max(8192),
  mean: z.array(z.number()).length(3),
  std: z.array(z.number().positive()).length(3),
});

const trainingSchema = z.object({
  mode: z.string(),
  epochs: z.number(),
  seed: z.number(),
  trainImages: z.number(),
  validationImages: z.number(),
  top1: z.number(),
  loss: z.number(),
});

const metadataSchema = z.strictObject({
  version: z.literal(1),
  toolkit: z.string(),
  labels: z.array(z.string()).min(1),
  preprocessing: preprocessingSchema,
  /** Name of the float value [N,3,H,W] that the preprocessing nodes make: where more training cuts the graph open. */
  trainingInput: z.string(),
  /** softmax: one label a picture; sigmoid: any number of them. */
  activation: z.enum(["softmax", "sigmoid"]),
  /** What logits are divided by before the activation. */
  temperature: z.number().positive(),
  /** Weight from which a label counts, per label; absent where none was chosen. */
  thresholds: z.array(z.number()).optional(),
  rulesVersion: z.int(),
  training: trainingSchema.optional(),
  baseModel: z.strictObject({ name: z.string(), sha256: z.string(), licence: z.string().optional() }).optional(),
});

export type Preprocessing = z.infer<typeof preprocessingSchema>;
export type TrainingSummary = z.infer<typeof trainingSchema>;
/** Everything a model file says about itself. */
export type ModelMetadata = z.infer<typeof metadataSchema>;

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
