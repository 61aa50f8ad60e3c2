import { isFloat, isGraph, isTensor } from "./attributes.ts";
import type { Attribute, Graph, Value } from "./ir.ts";
import { operatorKey } from "./ir.ts";
import { formatShape } from "./shape.ts";

/** A graph as text, one node a line: `y float32[N,8] = Gemm(x, w, b) {transB: 1}`. The body of a Loop stands indented below it. */
export function printGraph(graph: Graph): string {
  return [
    ...graph.inputs.map((v) => `input ${typed(v)}`),
    ...graph.nodes.map((n) => {
      const attrs = Object.entries(n.attrs).map(([name, v]) => `${name}: ${attribute(v)}`);
      const inputs = n.inputs.map((v) => v?.name ?? "_").join(", ");
      return `${n.outputs.map(typed).join(", ")} = ${operatorKey(n)}(${inputs})${attrs.length ? ` {${attrs.join(", ")}}` : ""}`;
    }),
    `output ${graph.outputs.map((v) => v.name).join(", ")}`,
  ].join("\n");
}

function typed(v: Value): string {
  return `${v.name} ${v.dtype}${formatShape(v.shape)}`;
}

function attribute(v: Attribute): string {
  if (isTensor(v)) return `${v.dtype}${formatShape(v.shape)}`;
  if (isGraph(v)) return `graph\n${printGraph(v.graph).replaceAll(/^/gm, "  ")}\n`;
  if (!isFloat(v)) return JSON.stringify(v);
  return typeof v.float === "number" ? single(v.float) : `[${v.float.map(single).join(",")}]`;
}

/** The fewest digits that a file's single precision tells apart, so that a graph prints alike before and after it was written. */
function single(v: number): string {
  const digits = Array.from({ length: 9 }, (_, i) => Number(v.toPrecision(i + 1)));
  return String(digits.find((d) => Math.fround(d) === Math.fround(v)) ?? v);
}
