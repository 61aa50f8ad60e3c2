import { inspectModel } from "../../toolkit/node.ts";
import type { SourceModel } from "../../toolkit/node.ts";

/** A network as text: every layer with the shape that it makes of a picture, its parameters, and how many pixels each of its outputs sees. */
export function printNetwork({ model, rewrites }: SourceModel, sizePx: number): readonly string[] {
  const { layers, totals } = inspectModel(model, { sizePx, ...(rewrites ? { rewrites } : {}) });
  const width = Math.max(...layers.map(({ name }) => name.length), "layer".length);
  const line = (name: string, operator: string, output: string, parameters: string, sees: string): string =>
    `${name.padEnd(width)}  ${operator.padEnd(18)}  ${output.padEnd(12)}  ${parameters.padStart(10)}  ${sees.padStart(7)}`;
  const rows = layers.map(({ name, operator, output, parameters, receptiveFieldPx }) => {
    const sees = receptiveFieldPx === null ? "all" : `${receptiveFieldPx} px`;
    return line(name, operator, output.join("x"), parameters > 0 ? parameters.toLocaleString("en") : "", sees);
  });
  return [
    line("layer", "operator", "output", "parameters", "sees"),
    ...rows,
    `${totals.parameters.toLocaleString("en")} parameters in ${layers.length} layers`,
  ];
}
