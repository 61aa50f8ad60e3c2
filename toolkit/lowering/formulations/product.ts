import type { GraphBuilder } from "../../graph/builder.ts";
import type { Value } from "../../graph/ir.ts";
import { transposed } from "../../operators/mat-mul.ts";
import type { Site } from "../formulation.ts";

/** Providers whose FusedMatMul reads a transposed operand in place; it has float32 kernels only. */
const FUSED: ReadonlySet<string> = new Set(["cpu", "cuda", "wasm"]);

export type Transposed = "left" | "right";

/** The product of two stacks of matrices, one of them transposed. */
export function product(b: GraphBuilder, { target }: Site, left: Value, right: Value, turn: Transposed): Value {
  if (FUSED.has(target.provider) && left.dtype === "float32") {
    const attrs = { transA: turn === "left" ? 1 : 0, transB: turn === "right" ? 1 : 0 };
    return b.op("FusedMatMul", [left, right], attrs, { domain: "com.microsoft" });
  }
  return b.op("MatMul", turn === "left" ? [transposed(b, left), right] : [left, transposed(b, right)]);
}
