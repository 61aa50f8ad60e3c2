import { pixelInput } from "../passes/pixel-input.ts";
import { providerOf } from "../runtime/runtime.ts";
import type { Provider } from "../runtime/runtime.ts";
import type { Context } from "./context.ts";
import { batchNormForm } from "./network-stage.ts";
import type { Stage } from "./stage.ts";
import type { Student } from "./student.ts";

/** Providers that have batches copied to a memory of their own. */
const UPLOADING: ReadonlySet<Provider> = new Set(["webgpu", "cuda", "dml"]);

/**
 * The stage that trains all of `student`, with photos as pixels that its graphs normalise themselves where the runtime uploads them: a quarter of the bytes. Elsewhere, and
 * where pictures are mixed, which is done of normalised planes, it is left as it is.
 */
export function pixelStage(
  stage: Stage,
  { input, graph }: Pick<Student, "input" | "graph">,
  { settings, photos, normalisation, options }: Pick<Context, "settings" | "photos" | "normalisation" | "options">,
): Stage {
  if (!UPLOADING.has(providerOf(options.platform.runtime)) || settings.mix) return stage;
  const { step, forward, operators } = stage;
  const dropPartial = batchNormForm(graph, settings) === "batch";
  return {
    ...stage,
    step: { ...step, graph: pixelInput(step.graph, normalisation, operators, input) },
    forward: pixelInput(forward, normalisation, operators, input),
    batches: (epoch, position) => photos.trainingPixels(epoch, position, dropPartial),
    validation: () => photos.validationPixels(),
  };
}
