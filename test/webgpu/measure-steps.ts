/** `npm run webgpu-steps -- [STEPS]`: takes 1,000 training steps on WebGPU and writes test/bench/results/webgpu-steps.json and .md. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/fixtures.ts";
import { runOnWebgpu } from "../support/webgpu.ts";
import type { StepsSample } from "./steps-process.ts";
import { STEPS_FILE, stepsTable } from "./steps-table.ts";

const steps = Number(process.argv[2] ?? 1000);
const samples = await runOnWebgpu<readonly StepsSample[]>("webgpu/steps-process", [String(steps), String(steps / 20)], {
  tells: true,
});
const path = join(root, STEPS_FILE);
writeFileSync(path, `${JSON.stringify(samples, null, 1)}\n`);
writeFileSync(path.replace(".json", ".md"), stepsTable(samples));
