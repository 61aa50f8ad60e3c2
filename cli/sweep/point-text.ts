import type { SweepAxis, SweepPoint } from "../../toolkit/node.ts";

/** "rate=0.0023 decay=0.01" */
export function pointText(point: SweepPoint): string {
  return Object.entries(point)
    .map(([name, value]) => `${name}=${valueText(value)}`)
    .join(" ");
}

/** "rate 0.0001..0.1 (log)", "decay 0 | 0.01" */
export function axisText(axis: SweepAxis): string {
  if (axis.kind === "choice") return `${axis.name} ${axis.values.map(valueText).join(" | ")}`;
  const { name, from, to, scale, isInteger } = axis;
  const how = [...(scale === "log" ? ["log"] : []), ...(isInteger ? ["whole"] : [])];
  return `${name} ${from}..${to}${how.length === 0 ? "" : ` (${how.join(", ")})`}`;
}

function valueText(value: SweepPoint[string]): string {
  if (typeof value !== "object") return String(value);
  return Object.keys(value).length === 1 ? value.name : JSON.stringify(value);
}
