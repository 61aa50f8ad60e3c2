import type { StepsSample } from "./steps-process.ts";

/** Where the figures of many steps are kept, from the package's folder. */
export const STEPS_FILE = "test/bench/results/webgpu-steps.json";

/** The figures as a page. */
export function stepsTable(samples: readonly StepsSample[]): string {
  const taken = samples.slice(0, -1);
  const rows = taken.map(({ steps, rssBytes, buffers }) => {
    const cells = [String(steps), (rssBytes / 1e6).toFixed(1), String(buffers)];
    return `| ${cells.map((cell) => cell.padStart(8)).join(" | ")} |`;
  });
  return [
    "# Memory over training steps on WebGPU",
    "",
    "Made by `npm run webgpu-steps`: a small network with BatchNormalization in batches of 4 pictures of 8 px, uploaded as pixels, its state as buffers of the device",
    "that is read out at every row, as a checkpoint does. Memory is that of the process (SwiftShader's buffers lie in it); buffers are tensors that the runtime has given out",
    `on the device and that were not disposed of. Once the session is released, ${samples.at(-1)?.buffers} of them are left.`,
    "",
    "|    steps |       MB |  buffers |",
    "| -------: | -------: | -------: |",
    ...rows,
    "",
  ].join("\n");
}
