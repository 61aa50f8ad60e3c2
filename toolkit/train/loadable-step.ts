import type { Operators } from "../graph/operator.ts";
import type { Lowered } from "../lowering/lower.ts";
import { repeat } from "../lowering/repeat.ts";
import type { LoadOptions, Provider } from "../runtime/runtime.ts";
import { encodeGraph } from "./encode-graph.ts";
import { repeatsOn } from "./repeats-on.ts";
import { stateReader } from "./state-reader.ts";
import type { Step } from "./step.ts";

/** A written step as a session is loaded with it. */
export function loadableStep(
  { step, operators }: { readonly step: Step; readonly operators: Operators },
  {
    lowered,
    formulations: { blockSize },
  }: { readonly lowered: Pick<Lowered, "graph" | "layouts">; readonly formulations: { readonly blockSize: number } },
  { provider, threads }: { readonly provider: Provider; readonly threads?: number | undefined },
): { readonly model: Uint8Array; readonly options: LoadOptions } {
  const { state } = step;
  const held = step.graph.inputs.filter((v) => state.has(v.name));
  return {
    model: encodeGraph(repeatsOn(provider) ? repeat(lowered.graph, state) : lowered.graph),
    options: {
      state,
      layouts: lowered.layouts,
      blockSize,
      ...(provider === "webgpu" ? { reader: encodeGraph(stateReader(held, operators)) } : {}),
      ...(threads === undefined ? {} : { threads }),
    },
  };
}
