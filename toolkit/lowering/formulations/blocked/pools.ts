import { windowOf } from "../../../operators/window.ts";
import { concreteShape } from "../../../graph/shape.ts";
import type { Formulation, Site } from "../../formulation.ts";
import { blockOf } from "./blockable.ts";
import { blockedOp } from "./blocked-op.ts";

/** Whether the picture was made blocked and the pool is one that blocked operators have. */
function isBlockedPool(site: Site): boolean {
  const { attrs } = site;
  if (blockOf(site) === 0 || site.made(0) !== "blocked" || site.node.outputs.length > 1) return false;
  return attrs.int("storage_order", 0) === 0;
}

function attributes(site: Site): Parameters<typeof blockedOp>[3] {
  const { attrs } = site;
  const kernel = attrs.ints("kernel_shape", []);
  const { strides, dilations, begin, end } = windowOf(
    attrs,
    kernel,
    concreteShape(site.type(0).shape.slice(2), site.node.op),
  );
  const more = attrs.has("count_include_pad") ? { count_include_pad: attrs.int("count_include_pad", 0) } : {};
  const { ceil_mode } = attrs.all;
  const unit = dilations.every((d) => d === 1);
  return {
    kernel_shape: kernel,
    strides,
    pads: [...begin, ...end],
    ...(unit ? {} : { dilations }),
    ...(ceil_mode === undefined ? {} : { ceil_mode }),
    ...more,
  };
}

const maxPool: Formulation = {
  name: "max-pool-blocked",
  serves: isBlockedPool,
  write: (site) => [
    { value: blockedOp(site.b, "MaxPool", [site.x(0, "blocked")], attributes(site)), layout: "blocked" },
  ],
};

/** Of a window that ceil_mode cuts, the blocked operator counts what lies outside the padded picture too. */
function isCutWindow({ attrs }: Site): boolean {
  return attrs.int("ceil_mode", 0) === 1 && attrs.int("count_include_pad", 0) === 1;
}

const averagePool: Formulation = {
  name: "average-pool-blocked",
  serves: (site) => isBlockedPool(site) && site.attrs.ints("dilations", []).every((d) => d === 1) && !isCutWindow(site),
  write: (site) => [
    { value: blockedOp(site.b, "AveragePool", [site.x(0, "blocked")], attributes(site)), layout: "blocked" },
  ],
};

const globalAveragePool: Formulation = {
  name: "global-average-pool-blocked",
  serves: (site) => blockOf(site) > 0 && site.made(0) === "blocked",
  // a map of one pixel lies the same either way
  write: (site) => [blockedOp(site.b, "GlobalAveragePool", [site.x(0, "blocked")])],
};

export const poolForms: ReadonlyMap<string, readonly Formulation[]> = new Map([
  ["MaxPool", [maxPool]],
  ["AveragePool", [averagePool]],
  ["GlobalAveragePool", [globalAveragePool]],
]);
