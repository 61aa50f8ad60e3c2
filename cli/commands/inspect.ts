import { atLeast, defineCommand, JSON_OPTION } from "../command.ts";
import type { Command } from "../command.ts";
import { countText, shortened } from "../format.ts";
import { given } from "../given.ts";
import type { Output } from "../output.ts";
import type { InspectedValue, Inspection } from "../../toolkit/report/inspect.ts";

export const inspect: Command = defineCommand({
  name: "inspect",
  summary: "Show what is in a model, and what can be trained",
  examples: ["inspect model.onnx", "inspect bundled --size 128 --json"],
  positionals: { model: { help: "an ONNX file, or the name of a model" } },
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
    const { inspectModel, openModel } = await import("../../toolkit/node.ts");
    const source = await openModel(positionals.model, { signal });
    const found = inspectModel(source.model, given({ sizePx: size ?? source.sizePx, head, feature: features }));
    if (out.wantsJson) out.json({ model: source.name, sha256: source.sha256, ...found });
    else print(out, source.name, found);
  },
});

function print(out: Output, name: string, found: Inspection): void {
  const { head, layers, totals, unsupported, metadata } = found;
  const labels = metadata["onnx-graft"] === undefined ? "" : ", exported by onnx-graft";
  out.data(`${name}: opset ${found.opset}${labels}`);
  const facts: [string, string][] = [
    ["inputs", found.inputs.map(valueText).join(", ")],
    ["outputs", found.outputs.map(valueText).join(", ")],
    ["picture size", sizeText(found)],
  ];
  if (unsupported.length > 0) facts.push(["not supported", unsupported.join(", ")]);
  else if (head) {
    facts.push(["head", head.nodes.join(" + ") || "(none reads the value)"]);
    facts.push(["classes", head.classes === null ? "unknown" : String(head.classes)]);
    facts.push(["feature value", `${head.feature} [N,${head.features}]`]);
  } else facts.push(["head", `not found: ${found.noHead ?? ""}`]);
  if (found.batchNorm) facts.push(["BatchNorm", POLICIES[found.batchNorm]]);
  facts.push(["no gradient", found.withoutGradient.join(", ") || "none: every layer can be trained"]);
  for (const [label, text] of facts) out.data(`${`${label}:`.padEnd(15)} ${text}`);
  if (layers.length === 0) return;
  out.data("");
  printLayers(out, found);
  out.data("");
  out.data(
    `${totals.layers} layers, ${totals.parameters.toLocaleString("en")} parameters, ${countText(totals.multiplyAdds)} multiply-adds a photo`,
  );
}

const POLICIES = {
  "has-batch-norm": "has its nodes: statistics of batches, or frozen",
  folded: "folded into the convolutions: restored before every layer is trained",
  none: "none",
} as const;

/** Characters that the columns beside the name take at most. */
const OTHER_COLUMNS = 64;
const LEAST_NAME = 14;

function printLayers(out: Output, { layers }: Inspection): void {
  const width = Math.max(LEAST_NAME, out.columns - OTHER_COLUMNS);
  out.table(
    layers.map((layer) => [
      shortened(layer.name, width),
      shortened(layer.operator, 18),
      layer.output.join("x"),
      layer.parameters > 0 ? countText(layer.parameters) : "",
      layer.multiplyAdds > 0 ? countText(layer.multiplyAdds) : "",
      layer.receptiveFieldPx === null ? "all" : `${layer.receptiveFieldPx} px`,
    ]),
    ["layer", "operator", "output", "weights", "mul-adds", "sees"],
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
