import type { Site } from "../../formulation.ts";

/**
 * Whether ONNX Runtime has no kernel for the operator where the graph is to run, so that it would compute it on the CPU, and move the operands there and back.
 * Of the providers that graphs are written for, WebGPU has the fewest: what is asked here is asked of operators that it lacks.
 */
export function lacksKernel({ target }: Pick<Site, "target">): boolean {
  return target.provider === "webgpu";
}
