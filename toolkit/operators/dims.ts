import type { Dim } from "../graph/ir.ts";

/** `dim + offset`; for a name a new name that says so: equal formulas have equal names, and "(H+2)" less 2 is "H" again. */
export function offsetDim(dim: Dim, offset: number): Dim {
  if (typeof dim === "number") return dim + offset;
  if (offset === 0) return dim;
  const [, base, before] = /^\(([^()+-]+|floor\([^()]*\))([+-]\d+)\)$/.exec(dim) ?? [];
  if (base !== undefined) return offsetDim(base, Number(before) + offset);
  return `(${dim}${offset > 0 ? "+" : ""}${offset})`;
}

/** The sum of extents: numbers are added, names stay. */
export function sumDims(dims: readonly Dim[]): Dim {
  const known = dims.reduce<number>((sum, dim) => (typeof dim === "number" ? sum + dim : sum), 0);
  const names = dims.filter((dim) => typeof dim === "string");
  if (names.length === 0) return known;
  if (names.length === 1) return offsetDim(names[0] ?? known, known);
  return `(${names.join("+")}${known === 0 ? "" : `+${known}`})`;
}

/**
 * The extent that is left when the product of `all` is divided by the product of `parts`:
 * what -1 stands for in Reshape. Equal names cancel; undefined where it does not come out.
 */
export function divideDims(all: readonly Dim[], parts: readonly Dim[]): Dim | undefined {
  const rest = factors(all);
  const divisor = factors(parts);
  for (const name of divisor.names) {
    const at = rest.names.indexOf(name);
    if (at < 0) return undefined;
    rest.names.splice(at, 1);
  }
  const count = divisor.count === 0 ? 0 : rest.count / divisor.count;
  if (!Number.isInteger(count)) return undefined;
  if (rest.names.length === 0 || count === 0) return count;
  const text = rest.names.join("*");
  return count === 1 ? text : `${text}*${count}`;
}

function factors(dims: readonly Dim[]): { count: number; names: string[] } {
  let count = 1;
  const names: string[] = [];
  for (const dim of dims) {
    for (const factor of typeof dim === "number" ? [String(dim)] : splitProduct(dim)) {
      if (/^\d+$/.test(factor)) count *= Number(factor);
      else names.push(factor);
    }
  }
  return { count, names };
}

/** "N*4" as ["N", "4"]; what stands in parentheses stays together. */
function splitProduct(name: string): string[] {
  const parts: string[] = [""];
  let depth = 0;
  for (const char of name) {
    if (char === "(") depth += 1;
    if (char === ")") depth -= 1;
    if (char === "*" && depth === 0) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts;
}
