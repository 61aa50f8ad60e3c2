import type { Attributes } from "../../toolkit/graph/ir.ts";
import { gradcheck } from "./gradcheck.ts";
import type { GradcheckOptions, Operand } from "./gradcheck.ts";

interface GradcheckCase extends GradcheckOptions {
  /** The operator's inputs in order, by the names its documentation has for them; undefined for an omitted one. */
  readonly of: Readonly<Record<string, Operand>>;
  readonly attrs?: Attributes;
}

export type GradcheckCases = Readonly<Record<string, GradcheckCase>>;

/** One test for each case, named by it: the gradient rule of `type` against finite differences. */
export function gradcheckCases(type: string, cases: GradcheckCases, shared: GradcheckOptions = {}): void {
  for (const [name, { of, attrs = {}, ...own }] of Object.entries(cases)) {
    it(`${type} matches finite differences: ${name}`, () =>
      gradcheck(type, Object.values(of), attrs, { ...shared, ...own }));
  }
}

/** What an operator that works element by element is checked on, with the same attributes everywhere. */
export function everyShape(attrs: Attributes = {}): GradcheckCases {
  return {
    "a matrix": { of: { x: [3, 4] }, attrs },
    "maps of two pictures": { of: { x: [2, 3, 4, 5] }, attrs },
    "a batch of 1": { of: { x: [1, 7] }, attrs },
    "a vector": { of: { x: [6] }, attrs },
    "a scalar": { of: { x: [] }, attrs },
    "extents of unknown size": { of: { x: ["N", 3, "H"] }, attrs, dims: { N: 2, H: 5 }, unbound: true },
  };
}

/** What an operator of two inputs that broadcast is checked on. */
export function everyBroadcast(attrs: Attributes = {}): GradcheckCases {
  return {
    "equal shapes": { of: { a: [3, 4], b: [3, 4] }, attrs },
    "both inputs broadcast": { of: { a: [3, 1], b: [2, 1, 4] }, attrs },
    "a value for each channel": { of: { a: [2, 3, 4, 5], b: [3, 1, 1] }, attrs },
    "a scalar on the left": { of: { a: [], b: [2, 3] }, attrs },
    "a scalar on the right": { of: { a: [2, 3], b: [] }, attrs },
    "a batch of 1 against many": { of: { a: [1, 4], b: [3, 4] }, attrs },
    "a batch of unknown size": { of: { a: ["N", 4], b: [4] }, attrs, dims: { N: 3 }, unbound: true },
  };
}
