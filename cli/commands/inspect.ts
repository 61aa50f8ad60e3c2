import { atLeast, defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { bytesText, countText, shortened } from "../format.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import type { ModelMetadata } from "../../toolkit/export/metadata.ts";
import type { InspectedValue, Inspection } from "../../toolkit/report/inspect.ts";

export const inspect: Command = defineCommand({
  name: "inspect",
  summary: "Show what is in a model, and what can be trained",
  examples: ["inspect model.onnx", "inspect bundled --size 128 --json"],
  positionals: { model: { help: "an ONNX file, or the name of a model or of an architecture" } },
  options: {
    size: {
      type: "integer",
      range: atLeast(1),
      value: "px",
      help: "side of the picture that the layers are given for",
    },
    head: { type: "string", value: "node", help: "the last layer, where it is not found by itself" },
    features: { type: "string", value: "value", help: "the value that a new head would read" },
    json: JSON_OPTION,
  },
  async run({ options: { size, head, features }, positionals, out, signal }) {
    const { inspectModel, openModel, readMetadata } = await import("../../toolkit/node.ts");
    const source = await openModel(positionals.model, { signal, weights: "any", ...given({ sizePx: size }) });
    const own = readMetadata(source.model, source.name);
    const sizePx = size ?? source.sizePx ?? own?.preprocessing.sizePx;
    const found = inspectModel(source.model, given({ sizePx, head, feature: features, rewrites: source.rewrites }));
    if (out.wantsJson) out.json({ model: source.name, sha256: source.sha256, ...found });
    else print(out, source.name, found, own);
  },
});

function print(out: Output, name: string, found: Inspection, own: ModelMetadata | undefined): void {
  const { head, layers, totals, unsupported } = found;
  out.data(`${name}: opset ${found.opset}${own ? `, written by onnx-graft ${own.toolkit}` : ""}`);
  const facts: [string, string][] = [
    ["inputs", found.inputs.map(valueText).join(", ")],
    ["outputs", found.outputs.map(valueText).join(", ")],
    ["picture size", sizeText(found)],
    ["precision", PRECISIONS[found.precision]],
  ];
  if (unsupported.length > 0) facts.push(["not supported", unsupported.join(", ")]);
  else if (head) {
    facts.push(["head", head.nodes.join(" + ") || "(none reads the value)"]);
    facts.push(["classes", head.classes === null ? "unknown" : String(head.classes)]);
    facts.push(["feature value", `${head.feature} [N,${head.features}]`]);
  } else facts.push(["head", `not found: ${found.noHead ?? ""}`]);
  if (own) {
    facts.push(["labels", shortened(own.labels.join(", "), LABELS_WIDTH)]);
    const { sizePx, resizePx } = own.preprocessing;
    facts.push(["made for", `${sizePx} px, the middle of photos whose shorter side is ${resizePx} px`]);
  }
  if (found.batchNorm) facts.push(["BatchNorm", POLICIES[found.batchNorm]]);
  facts.push(["no gradient", found.withoutGradient.join(", ") || "none: every layer can be trained"]);
  for (const [label, text] of facts) out.data(`${`${label}:`.padEnd(15)} ${text}`);
  if (layers.length === 0) return;
  out.data("");
  printLayers(out, found);
  out.data("");
  printTotals(out, totals);
  if (found.cuts.length > 0) printCuts(out, found);
}

function printTotals(out: Output, totals: Inspection["totals"]): void {
  const { layers, parameters, statistics, multiplyAdds } = totals;
  const kept = statistics > 0 ? ` and ${statistics.toLocaleString("en")} running statistics` : "";
  out.data(
    `${layers} layers, ${parameters.toLocaleString("en")} parameters${kept}, ${countText(multiplyAdds)} multiply-adds a photo`,
  );
  const [weights, input, activations] = [totals.parameterBytes, totals.inputBytes, totals.activationBytes].map(
    bytesText,
  );
  out.data(
    `memory: parameters ${weights}; a photo ${input}, what the layers make of it ${activations}, twice that to train`,
  );
}

/** A name may be given to `train` as it stands here, so none is shortened. */
function printCuts(out: Output, { cuts }: Inspection): void {
  out.data("");
  const share = (part: number): string => `${(100 * part).toFixed(part < 0.1 ? 1 : 0)} %`;
  const trained = (stages: number | null): string => (stages === 0 ? "head" : String(stages ?? "").padStart(4));
  out.table(
    cuts.map(({ value, shape, unfreeze, parameterShare, multiplyAddShare }) => [
      trained(unfreeze).padStart("unfreeze".length),
      share(parameterShare).padStart("weights".length),
      share(multiplyAddShare).padStart("mul-adds".length),
      shape.join("x"),
      value,
    ]),
    ["unfreeze", "weights", "mul-adds", "cached", "train-from: what is behind it is trained"],
  );
}

const PRECISIONS = {
  float32: "float32",
  float16: "weights stored as float16, computed in float32",
  int8: "int8, computed in 8 bits",
} as const;

const POLICIES = {
  "has-batch-norm": "has its nodes: statistics of batches, or frozen",
  folded: "folded into the convolutions: restored before every layer is trained",
  none: "none",
} as const;

/** Characters that the columns beside the name take at most. */
const OTHER_COLUMNS = 68;
/** As wide as "11,689,512" and one more digit. */
const PARAMETERS_WIDTH = 11;
const LEAST_NAME = 14;
/** Characters of a line of labels. */
const LABELS_WIDTH = 100;

function printLayers(out: Output, { layers }: Inspection): void {
  const width = Math.max(LEAST_NAME, out.columns - OTHER_COLUMNS);
  out.table(
    layers.map((layer) => [
      shortened(layer.name, width),
      shortened(layer.operator, 18),
      layer.output.join("x"),
      (layer.parameters > 0 ? layer.parameters.toLocaleString("en") : "").padStart(PARAMETERS_WIDTH),
      (layer.multiplyAdds > 0 ? countText(layer.multiplyAdds) : "").padStart(8),
      (layer.receptiveFieldPx === null ? "all" : `${layer.receptiveFieldPx} px`).padStart(7),
    ]),
    ["layer", "operator", "output", "parameters".padStart(PARAMETERS_WIDTH), "mul-adds", "   sees"],
  );
}

function valueText({ name, dtype, shape }: InspectedValue): string {
  return `${name} ${dtype} [${shape.join(",")}]`;
}

function sizeText({ declaredSizePx, sizeDependence, sizePx }: Inspection): string {
  const declared = declaredSizePx === null ? "any" : `${declaredSizePx} px`;
  const shown = sizePx !== null && sizePx !== declaredSizePx ? ` (the table is for ${sizePx} px)` : "";
  return `${declared}${sizeDependence === null ? "" : ` only: ${sizeDependence}`}${shown}`;
}
