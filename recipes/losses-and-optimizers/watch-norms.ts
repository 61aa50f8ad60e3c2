import { globalNorm } from "../../toolkit/optimizers/global-norm.ts";
import type { Transform } from "../../toolkit/optimizers/transform.ts";
import type { Session } from "../../toolkit/node.ts";

/** Euclidean norms, by parameter. */
export interface Norms {
  readonly gradients: readonly number[];
  readonly weights: readonly number[];
}

const KINDS = ["gradient-norm", "weight-norm"] as const;

/** A stage of an optimizer that changes nothing and keeps the norms of gradients and weights in slots of its own: the step graph computes them with everything else. */
export const watchNorms: Transform = {
  state: (params) =>
    KINDS.flatMap((kind) => params.map(({ name }) => ({ name: `${kind}/${name}`, dtype: "float32", shape: [] }))),
  apply: ({ b, params, updates }) => ({
    updates,
    state: [...updates, ...params].map((v) => globalNorm(b, [v])),
  }),
};

/** What was watched at the last step: of the weights before it. */
export async function readNorms(session: Session, parameters: readonly string[]): Promise<Norms> {
  const slots = KINDS.map((kind) => parameters.map((name) => `step/${kind}/${name}`));
  const found = await session.get(slots.flat());
  const [gradients = [], weights = []] = slots.map((names) => names.map((name) => Number(found.get(name)?.data[0])));
  return { gradients, weights };
}
