import type { ParityRow } from "./operator-parity.ts";

/** Where the comparison of all operators is kept, from the package's folder. */
export const PARITY_FILE = "test/bench/results/webgpu-parity.json";

export interface ParityFile {
  readonly about: string;
  readonly rows: readonly ParityRow[];
}

/** The comparison as a page. */
export function parityTable({ about, rows }: ParityFile): string {
  const cells = rows.map((row) => [
    row.subject,
    String(row.cases),
    row.difference.toExponential(1),
    row.apart === 0 ? "" : String(row.apart),
    placed(row.forwardOnCpu, row.cases),
    placed(row.gradientOnCpu, row.cases),
    row.errors.join("; "),
  ]);
  const head = ["subject", "cases", "difference", "apart", "forward", "gradient", "did not run"];
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const line = (row: readonly string[]): string => `| ${row.map((c, i) => c.padEnd(widths[i] ?? 0)).join(" | ")} |`;
  const whole = rows.filter((row) => [row.forwardOnCpu, row.gradientOnCpu].every((on) => Object.keys(on).length === 0));
  return [
    "# WebGPU beside the CPU",
    "",
    `Made by \`npm run webgpu-parity\`: ${about}.`,
    "",
    "Each row is an operator, forward and backward, on the cases of its finite differences in float32; or a loss, an optimizer or another part of a training step.",
    "Operators on shapes alone (Shape, Size and the like) are worked out when a graph is written; Dropout and Sum are taken apart before it is trained.",
    "",
    "Difference: the largest over all cases, relative to the largest number of an output; apart: cases that are further apart than is allowed. Forward and gradient: empty where every node computes on the device, else",
    "which operators the runtime left to the CPU, and in how many of the cases.",
    "",
    `${whole.length} of ${rows.length} compute on the device alone.`,
    "",
    line(head),
    `| ${widths.map((w) => "-".repeat(w)).join(" | ")} |`,
    ...cells.map(line),
    "",
  ].join("\n");
}

function placed(onCpu: Readonly<Record<string, number>>, cases: number): string {
  const names = Object.entries(onCpu).map(([op, count]) => (count === cases ? op : `${op} (${count})`));
  return names.length === 0 ? "" : `CPU: ${names.join(", ")}`;
}
