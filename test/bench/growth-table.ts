import { GROWING, GROWTH } from "./growth.ts";
import type { Growing } from "./growth.ts";
import type { Machine } from "./machine.ts";
import type { Row } from "./row.ts";
import { conditions, digits, markdownTable } from "./table.ts";

const TITLES: Readonly<Record<Growing, string>> = {
  batch: "Batch: full step of ResNet18, 224 px, folded BatchNorm",
  size: "Side of a picture in pixels: the same step, batch 16",
  photos: "Photos: labelled from disk to a new index by ResNet18, each a file of its own",
  threads: "Threads: the same step, 224 px, batch 8",
};

/** How seconds and memory of a run grow, ours and the better form of the peer's: a table for each that was measured. */
export function growthTable(rows: readonly Row[], machine: Machine, runs: number): string {
  const parts = (Object.keys(GROWING) as Growing[]).map((what) => part(what, rows));
  return [
    "# How time and memory grow",
    "",
    ...conditions(machine, runs),
    '- "x" is beside the first line of its table',
    "",
    ...parts.flat(),
  ].join("\n");
}

function part(what: Growing, rows: readonly Row[]): readonly string[] {
  const measured = GROWING[what].flatMap((value) => {
    const name = `${what}-${value}`;
    const row = rows.find((r) => r.name === name);
    const items = GROWTH[name]?.items ?? Number.NaN;
    return row ? [{ value, row, ours: items / row.ours, peer: row.peer === null ? null : items / row.peer }] : [];
  });
  const [first] = measured;
  if (!first) return [];
  const columns = [what, "ours, s", "x", "PyTorch, s", "x", "ratio", "our peak MiB", "x", "PyTorch's peak MiB", "x"];
  const lines = measured.map(({ value, row, ours, peer }) => [
    String(value),
    digits(ours, 3),
    times(ours, first.ours),
    digits(peer, 3),
    times(peer, first.peer),
    digits(row.ratio, 2),
    digits(row.oursPeakMb, 0),
    times(row.oursPeakMb, first.row.oursPeakMb),
    digits(row.peerPeakMb, 0),
    times(row.peerPeakMb, first.row.peerPeakMb),
  ]);
  return [`## ${TITLES[what]}`, "", ...markdownTable(columns, lines), ""];
}

function times(value: number | null, first: number | null): string {
  return digits(value === null || first === null ? null : value / first, 2);
}
