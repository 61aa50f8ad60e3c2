import type { ComparedLosses } from "./losses-process.ts";

/** Where the losses of all trainings are kept, from the package's folder. */
export const LOSSES_FILE = "test/bench/results/webgpu-losses.json";

/** What losses of both providers may be apart, of one that begins between 1 and 2. */
export const LOSS_TOLERANCE = 1e-4;

/** The largest difference between the losses of the steps, and of the network that is exported; infinite where one has others than the other. */
export function lossGap({ cpu, webgpu }: ComparedLosses): number {
  if (cpu.losses.length !== webgpu.losses.length) return Infinity;
  const gaps = cpu.losses.map((loss, i) => Math.abs(loss - (webgpu.losses[i] ?? Number.NaN)));
  const largest = Math.max(...gaps, Math.abs(cpu.loss - webgpu.loss));
  return Number.isNaN(largest) ? Infinity : largest;
}

/** The trainings as a page. */
export function lossesTable(rows: readonly ComparedLosses[]): string {
  const listed = (losses: readonly number[]): string => losses.map((loss) => loss.toFixed(6)).join(" ");
  return [
    "# Losses on WebGPU beside those on the CPU",
    "",
    "Made by `npm run webgpu-losses`: a ResNet18 of width 8 fine-tuned on pictures of 64 px in batches of 4, onnxruntime-node's WebGPU provider on SwiftShader.",
    "The losses of five steps (of the head on cached features, then of the network, where a mode has both), and behind the bar that of the exported network on the validation photos.",
    "",
    ...rows.flatMap((row) => [
      `## ${row.name}: ${lossGap(row).toExponential(1)} apart`,
      "",
      "```",
      `CPU     ${listed(row.cpu.losses)} | ${row.cpu.loss.toFixed(6)}`,
      `WebGPU  ${listed(row.webgpu.losses)} | ${row.webgpu.loss.toFixed(6)}`,
      "```",
      "",
    ]),
  ].join("\n");
}
