import type { GraphBuilder } from "../graph/builder.ts";
import type { Value } from "../graph/ir.ts";
import { tensor } from "../graph/tensor.ts";

/** A matrix of numbers, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** The same numbers with rows and columns exchanged. */
export function transposed({ rows, columns, data }: Matrix): Matrix {
  const turned = new Float32Array(data.length);
  for (let r = 0; r < rows; r += 1) {
    for (let c = 0; c < columns; c += 1) turned[c * rows + r] = data[r * columns + c] ?? 0;
  }
  return { rows: columns, columns: rows, data: turned };
}

/** Each line of `v` along `axis`, whose extent is `matrix.rows`, times the matrix: the axis then has extent `matrix.columns`. */
export function multiplyAlong(b: GraphBuilder, v: Value, axis: number, matrix: Matrix): Value {
  const rank = v.shape.length;
  const constant = ({ rows, columns, data }: Matrix): Value =>
    b.constant(tensor(v.dtype, [rows, columns], v.dtype === "float64" ? Float64Array.from(data) : data));
  if (axis === rank - 1) return b.op("MatMul", [v, constant(matrix)]);
  if (axis === rank - 2) return b.op("MatMul", [constant(transposed(matrix)), v]);
  const perm = v.shape.map((_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
  const last = b.op("Transpose", [v], { perm });
  return b.op("Transpose", [b.op("MatMul", [last, constant(matrix)])], { perm });
}
