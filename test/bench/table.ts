import type { Machine } from "./machine.ts";
import type { Row } from "./row.ts";

const COLUMNS = [
  "work",
  "unit",
  "ours",
  "PyTorch",
  "PyTorch channels_last",
  "ratio to default",
  "ratio to better",
  "spread",
  "our peak MiB",
  "PyTorch's peak MiB",
] as const;

const TFJS_COLUMNS = ["work", "unit", "ours", "TensorFlow.js", "ratio", "spread", "TensorFlow.js's peak MiB"] as const;

/** The results as Markdown: the machine, how they were measured, a line for each row; in tables of their own those beside other things than PyTorch. */
export function table(rows: readonly Row[], machine: Machine, runs: number): string {
  return [
    "# Speed beside PyTorch's",
    "",
    ...conditions(machine, runs),
    "",
    ...markdownTable(COLUMNS, rows.map(cells)),
    "",
    ...tfjsTable(rows),
    ...float32Table(rows),
  ].join("\n");
}

/** On which machine and how figures were measured, as the items of a list. */
export function conditions(machine: Machine, runs: number): readonly string[] {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const { threads, torchThreads, cpu, flags } = machine;
  const also = torchThreads === undefined ? "" : ` (PyTorch ${torchThreads})`;
  return [
    `- ${versions.join(", ")}`,
    `- ${threads} threads${also} on ${cpu}; of avx2, avx512f, avx512_vnni it has: ${flags?.join(", ") ?? "unknown"}`,
    `- medians of ${2 * runs} runs of ours and ${runs} of each form of PyTorch's, in turn; spread: half the distance between the quartiles, over the median`,
    "- peak: the most resident memory (VmHWM) of a process that did nothing else; PyTorch's is that of its better form, without processes that it starts to decode",
  ];
}

/** A table of which the first column is text, and each other whose cells begin with a digit are numbers. */
export function markdownTable(columns: readonly string[], lines: readonly (readonly string[])[]): readonly string[] {
  const isNumber = columns.map((_, i) => lines.every((line) => /^[-\d]/.test(line[i] ?? "")));
  return [
    `| ${columns.join(" | ")} |`,
    `| ${isNumber.map((right) => (right ? "--:" : "---")).join(" | ")} |`,
    ...lines.map((line) => `| ${line.join(" | ")} |`),
  ];
}

function tfjsTable(rows: readonly Row[]): readonly string[] {
  const [first] = rows.flatMap(({ tfjs }) => tfjs ?? []);
  if (!first) return [];
  const lines = rows.flatMap(({ name, unit, tfjs }) =>
    tfjs
      ? [
          [
            name,
            unit,
            speed(tfjs.ours),
            speed(tfjs.tfjs),
            digits(tfjs.ratio, 2),
            percent(tfjs.spread),
            digits(tfjs.tfjsPeakMb, 0),
          ],
        ]
      : [],
  );
  return [
    "## Beside TensorFlow.js's",
    "",
    `TensorFlow.js ${first.version}, its ${first.backend} backend, which has one thread in Node; medians of as many runs of each, in turn.`,
    "",
    ...markdownTable(TFJS_COLUMNS, lines),
    "",
  ];
}

function float32Table(rows: readonly Row[]): readonly string[] {
  const lines = rows.flatMap(({ name, unit, float32: f }) =>
    f ? [[name, unit, speed(f.ours), speed(f.float32), digits(f.ratio, 2), percent(f.spread)]] : [],
  );
  if (lines.length === 0) return [];
  const columns = ["work", "unit", "int8", "float32", "ratio", "spread"];
  return ["## In 8 bits beside our own float32", "", ...markdownTable(columns, lines), ""];
}

function cells(r: Row): readonly string[] {
  return [
    r.name,
    r.unit,
    speed(r.ours),
    speed(r.default),
    speed(r.channelsLast),
    digits(r.ratioDefault, 2),
    digits(r.ratio, 2),
    percent(r.spread),
    digits(r.oursPeakMb, 0),
    digits(r.peerPeakMb, 0),
  ];
}

/** A number as it stands in a table; a dash where there is none. */
export function digits(value: number | null, count: number): string {
  return value === null ? "-" : value.toFixed(count);
}

/** Slow work needs more digits. */
function speed(value: number | null): string {
  return digits(value, value !== null && value < 10 ? 3 : 1);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
