import { readFileSync } from "node:fs";
import type { Model } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { fixture, readJson, readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";

/** What forms.json says about one form of ResNet18. */
export interface Form {
  readonly file: string;
  readonly opset: number;
  readonly input: string;
  readonly output: string;
  readonly size: number | null;
  readonly headWeight: string;
  readonly headInputs: number;
  readonly batchNorm: "nodes" | "folded";
  readonly maxBatch: number | null;
  readonly softmax: boolean;
}

interface Reference {
  readonly input: GoldenTensor;
  readonly forms: Readonly<Record<string, { readonly logits: GoldenTensor; readonly probabilities?: GoldenTensor }>>;
}

/** Every form, by name. */
export const forms: ReadonlyMap<string, Form> = new Map(
  Object.entries(readJson<{ readonly forms: Readonly<Record<string, Form>> }>(fixture("forms/forms.json")).forms),
);

const reference = readJson<Reference>(fixture("forms/reference.json"));

/** Two images [2,3,64,64]. */
export const images: TensorData = readTensor(reference.input);

/** What a form's own output is for `images`. */
export function referenceOutput(name: string): TensorData {
  const stored = reference.forms[name];
  if (!stored) throw new Error(`Cannot find the form "${name}" in reference.json`);
  return readTensor(stored.probabilities ?? stored.logits);
}

/** The model of a form, with its external data. */
export function readForm(name: string): Model {
  const form = forms.get(name);
  if (!form) throw new Error(`Cannot find the form "${name}" in forms.json`);
  return decodeModel(readFileSync(fixture(`forms/${form.file}`)), {
    name,
    readExternal: (location, offset, length) => {
      const bytes = readFileSync(fixture(`forms/${location}`));
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
  });
}
