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

/** The results as Markdown: the machine, how they were measured, a line for each row. */
export function table(rows: readonly Row[], machine: Machine, runs: number): string {
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`);
  const { threads, torchThreads, cpu, flags } = machine;
  const also = torchThreads === undefined ? "" : ` (PyTorch ${torchThreads})`;
  return [
    "# Speed beside PyTorch's",
    "",
    `- ${versions.join(", ")}`,
    `- ${threads} threads${also} on ${cpu}; of avx2, avx512f, avx512_vnni it has: ${flags?.join(", ") ?? "unknown"}`,
    `- medians of ${2 * runs} runs of ours and ${runs} of each form of PyTorch's, in turn; spread: half the distance between the quartiles, over the median`,
    "- peak: the most resident memory (VmHWM) of a process that did nothing else; PyTorch's is that of its better form, without processes that it starts to decode",
    "",
    `| ${COLUMNS.join(" | ")} |`,
    `| ${COLUMNS.map((_, i) => (i < 2 ? "---" : "--:")).join(" | ")} |`,
    ...rows.map((r) => `| ${cells(r).join(" | ")} |`),
    "",
  ].join("\n");
}

function cells(r: Row): readonly string[] {
  const digits = (value: number | null, count: number): string => (value === null ? "-" : value.toFixed(count));
  // slow work needs more digits
  const speed = (value: number | null): string => digits(value, value !== null && value < 10 ? 3 : 1);
  return [
    r.name,
    r.unit,
    speed(r.ours),
    speed(r.default),
    speed(r.channelsLast),
    digits(r.ratioDefault, 2),
    digits(r.ratio, 2),
    `${(100 * r.spread).toFixed(1)} %`,
    digits(r.oursPeakMb, 0),
    digits(r.peerPeakMb, 0),
  ];
}
