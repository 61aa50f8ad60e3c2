import { ToolkitError } from "../toolkit/errors.ts";

/** @throws E_SETTING naming the first extent of `network` that is no positive integer */
export function expectExtents(network: string, extents: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(extents)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new ToolkitError("E_SETTING", `Cannot build ${network} with ${name} ${value}: expected a positive integer`);
  }
}

/** @throws E_SETTING for a dropout outside of [0, 1) */
export function expectDropout(network: string, share: number): void {
  if (share >= 0 && share < 1) return;
  throw new ToolkitError("E_SETTING", `Cannot build ${network} with dropout ${share}: expected 0 <= dropout < 1`);
}

/** @throws E_SETTING for pictures that are too small for the poolings of `network` */
export function expectSize(network: string, sizePx: number, least: number): void {
  if (sizePx >= least) return;
  throw new ToolkitError(
    "E_SETTING",
    `Cannot build ${network} for pictures of ${sizePx} px: expected ${least} px or more`,
  );
}
