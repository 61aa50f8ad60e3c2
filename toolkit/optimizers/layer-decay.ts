/**
 * Lower rates towards the input (Clark et al. 2020, layer-wise decay): `groups` hold parameter names from the first layer to the last, and the rate of group i
 * of n is multiplied by decay^(n - 1 - i). The result goes into `rateFactors` of a step.
 */
export function layerDecay(groups: readonly (readonly string[])[], decay: number): ReadonlyMap<string, number> {
  return new Map(groups.flatMap((names, i) => names.map((name) => [name, decay ** (groups.length - 1 - i)] as const)));
}
