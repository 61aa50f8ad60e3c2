import type { Dim } from "../../toolkit/graph/ir.ts";

/**
 * An extent whose names carry their values ("d5" is 5), as a number; undefined where it is no formula of sums, products,
 * floor and ceil, such as the extent of a computed shape.
 */
export function evaluateDim(dim: Dim): number | undefined {
  if (typeof dim === "number") return dim;
  const tokens = dim.match(/floor|ceil|d\d+|\d+|[-+*/()]|./g) ?? [];
  let at = 0;
  const take = (token: string): boolean => tokens[at] === token && (at++, true);
  const atom = (): number => {
    const token = tokens[at++] ?? "";
    if (/^d?\d+$/.test(token)) return Number(token.replace("d", ""));
    const round = { floor: Math.floor, ceil: Math.ceil, "(": (v: number) => v }[token];
    if (!round || (token !== "(" && !take("("))) return Number.NaN;
    const whole = sum();
    const value = round(take("/") ? whole / atom() : whole);
    return take(")") ? value : Number.NaN;
  };
  const product = (): number => {
    let value = atom();
    while (take("*")) value *= atom();
    return value;
  };
  const sum = (): number => {
    let value = product();
    for (;;) {
      if (take("+")) value += product();
      else if (take("-")) value -= product();
      else return value;
    }
  };
  const value = sum();
  return at === tokens.length && !Number.isNaN(value) ? value : undefined;
}
