import { readdirSync, readFileSync } from "node:fs";
import type { Model } from "../../toolkit/graph/ir.ts";
import type { TensorData } from "../../toolkit/graph/tensor.ts";
import { decodeModel } from "../../toolkit/onnx/decode.ts";
import { fixture, readJson, readTensor } from "../support/fixtures.ts";
import type { GoldenTensor } from "../support/fixtures.ts";

/** A toy-width network as one of PyTorch's exporters wrote it. */
export interface Architecture {
  /** "resnet50-old": the network and how it was exported. */
  readonly name: string;
  readonly network: string;
  /** old and new: the TorchScript exporter and the current one; bn: the old one with BatchNormalization kept; one: the new one for one picture. */
  readonly style: "bn" | "new" | "old" | "one";
  /** Two to four pictures [N,3,size,size]. */
  readonly pictures: TensorData;
  readonly sizePx: number;
  /** Names of PyTorch's parameters in the file. */
  readonly parameters: readonly string[];
}

/** Every network in every style. */
export const architectures: readonly Architecture[] = readdirSync(fixture("architectures"))
  .filter((file) => file.endsWith(".onnx"))
  .map((file) => read(file.replace(".onnx", "")))
  .toSorted((a, b) => (a.name < b.name ? -1 : 1));

/** The model of a network. */
export function readArchitecture(name: string): Model {
  return decodeModel(readFileSync(fixture(`architectures/${name}.onnx`)), { name });
}

function read(name: string): Architecture {
  const stored = readJson<{
    readonly inputs: { readonly input: GoldenTensor };
    readonly gradients: Readonly<Record<string, GoldenTensor>>;
  }>(fixture(`architectures/${name}.json`));
  const pictures = readTensor(stored.inputs.input);
  const [, network = "", style = ""] = /^(.*)-(\w+)$/.exec(name) ?? [];
  return {
    name,
    network,
    style: style as Architecture["style"],
    pictures,
    sizePx: pictures.shape[2] ?? 0,
    parameters: Object.keys(stored.gradients),
  };
}
